/* mc_font.c -- a font of strokes, made for axes and labels
 *
 * A glyph is a list of strokes with blanks between.  A point is two characters, x and y: y 0 is
 * the top of a capital, 3 that of a small letter, 8 the base line, b (11) the lowest.  A stroke
 * of straight lines goes through its points; one that begins with ~ is smooth: it begins and
 * ends at its first and last point, passes through the middles between the others, and is drawn
 * towards them (a quadratic B-spline).  A single point is a dot. */
#include <math.h>
#include <string.h>

#include "mc_picture.h"

static const char *const glyphs[95] = {
	/* space ! " # $ % & ' */
	"", "0005 08", "0002 2022", "2018 4038 0353 0555", "~4240000444480806 2029",
	"6008 ~102022020010 ~566668484656",
	"6812 ~12004042 ~420505 ~05080838 ~385865", "0002",
	/* ( ) * + , - . / */
	"~200429", "~002409", "2125 0224 4204", "0545 2337", "180a", "0535", "08", "4009",
	/* 0 1 2 3 4 5 6 7 8 9 */
	"~204048080020", "022028 0848", "~0200404408 0848", "~0100404414 ~1444480807", "38300646",
	"400003 ~0343480807",
	"~400006 ~060848440406", "004018", "~204044040020 ~244448080424", "~424000044442 ~424808",
	/* : ; < = > ? @ */
	"04 08", "04 180a", "430548", "0444 0646", "034508", "~0200404425 28",
	"~544333366654 ~5464604000088868",
	/* A B C D E F G H I J K L M */
	"083068 1555", "0008 0030 ~30505434 0434 ~34646838 3808", "~626000086866",
	"200008 0828 ~20606828", "50000858 0444",
	"500008 0444", "~626000086864 3464", "0008 6068 0464", "0008", "4046 ~46480806",
	"0008 5005 2358", "000858", "0800356068",
	/* N O P Q R S T U V W X Y Z */
	"08006860", "~306068080030", "0800 0030 ~30606434 3404", "~306068080030 4669",
	"0800 0030 ~30606434 3404 3458",
	"~6260000464680806", "0060 3038", "0005 ~05086865 6560", "003860", "0028426880",
	"0068 6008", "003460 3438", "00600868",
	/* [ \ ] ^ _ ` */
	"20000929", "0049", "00202909", "032043", "0949", "0011",
	/* a b c d e f g h i j k l m */
	"4348 ~454303084846", "0008 ~050343480806", "~444303084847", "4048 ~454303084846",
	"0545 ~454303084847", "~301013 1318 0333",
	"4349 ~454303084846 ~494b0b0a", "0008 ~05034345 4548", "0308 01", "1319 ~191b0b 11",
	"0008 4306 1548", "0008",
	"0308 ~05033335 3538 ~35336365 6568",
	/* n o p q r s t u v w x y z */
	"0308 ~05034345 4548", "~234348080323", "030b ~050343480806", "434b ~454303084846",
	"0308 ~050333", "~4443030546480807",
	"1016 ~161838 0333", "0306 ~06084846 4348", "032843", "0318345863", "0348 4308",
	"0328 431b", "03430848",
	/* { | } ~ */
	"~301014 ~141505 ~051516 ~161939", "0009", "~002024 ~242535 ~352526 ~262909", "~0503254543",
};

static int unit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static int is_unit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'b');
}

static const char *glyph(char c)
{
	return c >= ' ' && c <= '~' ? glyphs[c - ' '] : "00400848 0008 4048";
}

static double glyph_width(char c)
{
	if (c == ' ')
		return 1.5;
	/* digits have one width, so that columns of them stand straight */
	if (c >= '0' && c <= '9')
		return 4;
	int width = 0;
	for (const char *s = glyph(c); *s; s++) {
		if (!is_unit(s[0]) || !is_unit(s[1]))
			continue;
		if (unit(s[0]) > width)
			width = unit(s[0]);
		s++;
	}
	return width;
}

static const double gap = 2.4;

double mc_text_width(const char *text, double size)
{
	double width = 0;
	for (const char *s = text; *s; s++)
		width += glyph_width(*s) + gap;
	return width > 0 ? (width - gap) * size / 8 : 0;
}

/* The points of a smooth stroke: each inner point draws the line from one middle to the next */
static int smooth(int n, const double (*p)[2], double (*out)[2])
{
	enum { PARTS = 8 };
	int m = 0;
	for (int i = 1; i + 1 < n; i++) {
		double a[2], b[2];
		for (int k = 0; k < 2; k++) {
			a[k] = i == 1 ? p[0][k] : (p[i - 1][k] + p[i][k]) / 2;
			b[k] = i + 2 == n ? p[n - 1][k] : (p[i][k] + p[i + 1][k]) / 2;
		}
		for (int j = i == 1 ? 0 : 1; j <= PARTS; j++, m++) {
			const double t = (double)j / PARTS, s = 1 - t;
			for (int k = 0; k < 2; k++)
				out[m][k] = s * s * a[k] + 2 * s * t * p[i][k] + t * t * b[k];
		}
	}
	return m;
}

void mc_text(mc_canvas *c, double x, double y, double at, double size, double thick, int turned,
             mc_color color, const char *text)
{
	const double scale = size / 8;
	double along = -at * mc_text_width(text, size);
	for (; *text; text++) {
		for (const char *s = glyph(*text); *s;) {
			double point[24][2], curve[200][2];
			const int is_smooth = *s == '~';
			int n = 0;
			s += is_smooth;
			for (; n < 24 && is_unit(s[0]) && is_unit(s[1]); s += 2, n++) {
				const double u = along + unit(s[0]) * scale;
				const double v = (unit(s[1]) - 8) * scale;
				point[n][0] = turned ? x + v : x + u;
				point[n][1] = turned ? y - u : y + v;
			}
			if (is_smooth)
				n = smooth(n, (const double(*)[2])point, curve);
			const double(*line)[2] = (const double(*)[2])(is_smooth ? curve : point);
			mc_stroke(c, n, line, thick, color);
			s += *s == ' ';
		}
		along += (glyph_width(*text) + gap) * scale;
	}
}
