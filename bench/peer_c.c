/* peer_c.c -- the workloads in C by hand, on OpenBLAS, OpenMP and libmvec.  Parameters are the caller's arrays, in the order of
 * spec.params(). */
#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NEW(n) ((float *)memset(aligned_alloc(64, ((size_t)(n) * 4 + 63) / 64 * 64), 0, (size_t)(n) * 4))
extern void openblas_set_num_threads(int);
static int NT = 2;
static const uint8_t *X, *Y;
static int N;
void threads(int n) { NT = n, omp_set_num_threads(n), openblas_set_num_threads(n); }
void dataset(const uint8_t *x, const uint8_t *y, int n) { X = x, Y = y, N = n; }

/* c[m,n] = alpha op(a) op(b) + beta c, row-major, packed unless ld given */
static void gemm(int ta, int tb, int m, int n, int k, float al, const float *a, const float *b, float be, float *c) {
	cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, al, a, ta ? m : k, b,
				tb ? k : n, be, c, n);
}
static void gemml(int ta, int tb, int m, int n, int k, float al, const float *a, int la, const float *b, int lb, float be,
				  float *c, int lc) {
	cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, al, a, la, b, lb, be, c,
				lc);
}
static void tofloat(const uint8_t *x, float *o, long n) {
#pragma omp parallel for simd num_threads(NT) if (n > 50000)
	for (long i = 0; i < n; i++) o[i] = x[i] * (1.0f / 255);
}
static void bias_tanh(float *h, const float *b, int m, int n) {
#pragma omp parallel for num_threads(NT) if (m * n > 20000)
	for (int i = 0; i < m; i++)
#pragma omp simd
		for (int j = 0; j < n; j++) h[(long)i * n + j] = tanhf(h[(long)i * n + j] + b[j]);
}
static void bias_relu(float *h, const float *b, int m, int n) {
#pragma omp parallel for num_threads(NT) if (m * n > 20000)
	for (int i = 0; i < m; i++)
#pragma omp simd
		for (int j = 0; j < n; j++) h[(long)i * n + j] = fmaxf(h[(long)i * n + j] + b[j], 0);
}
/* logits -> (softmax - onehot)/m in place, returns mean nll; bias may be null */
static float softmax_nll(float *z, const float *b, const uint8_t *y, int m, int n) {
	float loss = 0, im = 1.0f / m;
#pragma omp parallel for num_threads(NT) reduction(+ : loss) if (m * n > 20000)
	for (int i = 0; i < m; i++) {
		float *r = z + (long)i * n, mx = -1e30f, s = 0;
		if (b)
			for (int j = 0; j < n; j++) r[j] += b[j];
		for (int j = 0; j < n; j++) mx = fmaxf(mx, r[j]);
		float zy = r[y[i]] - mx;
		for (int j = 0; j < n; j++) s += r[j] = expf(r[j] - mx);
		loss += logf(s) - zy;
		s = im / s;
		for (int j = 0; j < n; j++) r[j] *= s;
		r[y[i]] -= im;
	}
	return loss * im;
}
static void colsum_add(float *b, const float *d, int m, int n, float al) {
	for (int i = 0; i < m; i++)
#pragma omp simd
		for (int j = 0; j < n; j++) b[j] += al * d[(long)i * n + j];
}
static void softmax1(float *z, const float *b, int n) {
	float mx = -1e30f, s = 0;
	for (int j = 0; j < n; j++) z[j] += b[j], mx = fmaxf(mx, z[j]);
	for (int j = 0; j < n; j++) s += z[j] = expf(z[j] - mx);
	for (int j = 0; j < n; j++) z[j] /= s;
}

/* ---- 1 logreg ---- */
float logreg(float **P, int i) {
	enum { B = 600 };
	static float *x, *z;
	if (!x) x = NEW(B * 784), z = NEW(B * 10);
	long o = (long)(i % (N / B)) * B;
	tofloat(X + o * 784, x, B * 784);
	gemm(0, 0, B, 10, 784, 1, x, P[0], 0, z);
	float l = softmax_nll(z, P[1], Y + o, B, 10);
	gemm(1, 0, 784, 10, B, -.13f, x, z, 1, P[0]);
	colsum_add(P[1], z, B, 10, -.13f);
	return l;
}
/* ---- 2 mlp: weight decay folded into the beta of the gradient's gemm ---- */
float mlp(float **P, int i) {
	enum { B = 20 };
	static float x[B * 784], h[B * 500], d[B * 500], z[B * 10];
	const float lr = .01f, l2 = 1e-4f;
	long o = (long)(i % (N / B)) * B;
	tofloat(X + o * 784, x, B * 784);
	gemm(0, 0, B, 500, 784, 1, x, P[0], 0, h);
	bias_tanh(h, P[1], B, 500);
	gemm(0, 0, B, 10, 500, 1, h, P[2], 0, z);
	float l = softmax_nll(z, P[3], Y + o, B, 10), s = 0;
	gemm(0, 1, B, 500, 10, 1, z, P[2], 0, d);
	float *w = P[0];
#pragma omp parallel for simd num_threads(NT) reduction(+ : s)
	for (int j = 0; j < 784 * 500; j++) s += w[j] * w[j];
	for (int j = 0; j < 5000; j++) s += P[2][j] * P[2][j];
	for (int j = 0; j < B * 500; j++) d[j] *= 1 - h[j] * h[j];
	gemm(1, 0, 500, 10, B, -lr, h, z, 1 - 2 * lr * l2, P[2]);
	colsum_add(P[3], z, B, 10, -lr);
	gemm(1, 0, 784, 500, B, -lr, x, d, 1 - 2 * lr * l2, P[0]);
	colsum_add(P[1], d, B, 500, -lr);
	return l + l2 * s;
}
/* ---- Adam, one fused pass ---- */
static void adam(float *p, const float *g, float *m, float *v, long n, float lr, float b1, float b2, float eps, float wd, int t) {
	float c1 = lr / (1 - powf(b1, t)), c2 = 1 / (1 - powf(b2, t)), k = 1 - lr * wd;
#pragma omp parallel for simd num_threads(NT) if (n > 20000)
	for (long j = 0; j < n; j++) {
		m[j] = b1 * m[j] + (1 - b1) * g[j];
		v[j] = b2 * v[j] + (1 - b2) * g[j] * g[j];
		p[j] = k * p[j] - c1 * m[j] / (sqrtf(v[j] * c2) + eps);
	}
}
/* ---- 3 mlp_adam ---- */
float mlp_adam(float **P, int i) {
	enum { B = 128, D = 1024 };
	static float *x, *h1, *h2, *d1, *d2, *z, *G[6], *M[6], *V[6];
	static const int n[6] = {784 * D, D, D * D, D, D * 10, 10};
	static int t;
	if (!x) {
		x = NEW(B * 784), h1 = NEW(B * D), h2 = NEW(B * D), d1 = NEW(B * D), d2 = NEW(B * D), z = NEW(B * 10);
		for (int j = 0; j < 6; j++) G[j] = NEW(n[j]), M[j] = NEW(n[j]), V[j] = NEW(n[j]);
	}
	long o = (long)(i % (N / B)) * B;
	tofloat(X + o * 784, x, B * 784);
	gemm(0, 0, B, D, 784, 1, x, P[0], 0, h1), bias_relu(h1, P[1], B, D);
	gemm(0, 0, B, D, D, 1, h1, P[2], 0, h2), bias_relu(h2, P[3], B, D);
	gemm(0, 0, B, 10, D, 1, h2, P[4], 0, z);
	float l = softmax_nll(z, P[5], Y + o, B, 10);
	for (int j = 1; j < 6; j += 2) memset(G[j], 0, n[j] * 4);
	gemm(1, 0, D, 10, B, 1, h2, z, 0, G[4]), colsum_add(G[5], z, B, 10, 1);
	gemm(0, 1, B, D, 10, 1, z, P[4], 0, d2);
	for (int j = 0; j < B * D; j++) d2[j] = h2[j] > 0 ? d2[j] : 0;
	gemm(1, 0, D, D, B, 1, h1, d2, 0, G[2]), colsum_add(G[3], d2, B, D, 1);
	gemm(0, 1, B, D, D, 1, d2, P[2], 0, d1);
	for (int j = 0; j < B * D; j++) d1[j] = h1[j] > 0 ? d1[j] : 0;
	gemm(1, 0, 784, D, B, 1, x, d1, 0, G[0]), colsum_add(G[1], d1, B, D, 1);
	t++;
	for (int j = 0; j < 6; j++) adam(P[j], G[j], M[j], V[j], n[j], 1e-3f, .9f, .999f, 1e-8f, 0, t);
	return l;
}
/* ---- 4 lenet: im2col per image, images over threads ---- */
static void im2col(const float *x, int c, int hw, float *col) { /* -> [c*25, (hw-4)^2] */
	int o = hw - 4;
	for (int ch = 0; ch < c; ch++)
		for (int u = 0; u < 5; u++)
			for (int v = 0; v < 5; v++, col += o * o)
				for (int r = 0; r < o; r++) memcpy(col + r * o, x + (ch * hw + r + u) * hw + v, o * 4);
}
static void col2im(const float *col, int c, int hw, float *x) {
	int o = hw - 4;
	memset(x, 0, c * hw * hw * 4);
	for (int ch = 0; ch < c; ch++)
		for (int u = 0; u < 5; u++)
			for (int v = 0; v < 5; v++, col += o * o)
				for (int r = 0; r < o; r++)
					for (int q = 0; q < o; q++) x[(ch * hw + r + u) * hw + v + q] += col[r * o + q];
}
static void pool_tanh(const float *x, int c, int hw, const float *b, float *y, uint8_t *arg) {
	int o = hw / 2;
	for (int ch = 0; ch < c; ch++)
		for (int r = 0; r < o; r++)
			for (int q = 0; q < o; q++) {
				const float *p = x + (ch * hw + 2 * r) * hw + 2 * q;
				float m0 = p[0], m1 = p[hw];
				int a0 = 0, a1 = 2;
				if (p[1] > m0) m0 = p[1], a0 = 1;
				if (p[hw + 1] > m1) m1 = p[hw + 1], a1 = 3;
				*arg++ = m1 > m0 ? a1 : a0;
				*y++ = (m1 > m0 ? m1 : m0) + b[ch];
			}
	y -= c * o * o;
	for (int j = 0; j < c * o * o; j++) y[j] = tanhf(y[j]);
}
static void unpool(const float *d, const uint8_t *arg, int c, int hw, float *x) {
	int o = hw / 2;
	for (int ch = 0; ch < c; ch++)
		for (int r = 0; r < o; r++)
			for (int q = 0; q < o; q++, d++, arg++) {
				float *p = x + (ch * hw + 2 * r) * hw + 2 * q;
				p[0] = *arg == 0 ? *d : 0, p[1] = *arg == 1 ? *d : 0, p[hw] = *arg == 2 ? *d : 0, p[hw + 1] = *arg == 3 ? *d : 0;
			}
}
typedef struct { float x[784], col1[25 * 576], c1[20 * 576], col2[500 * 64], c2[50 * 64], d1[20 * 144], gC1[500], gC2[25000], gc1[20], gc2[50]; } Scratch;
float lenet(float **P, int i) {
	enum { B = 500 };
	static float *p1, *p2, *h, *dh, *d2, *z;
	static uint8_t *a1, *a2;
	static Scratch *S[8];
	if (!p1) {
		p1 = NEW(B * 2880), p2 = NEW(B * 800), h = NEW(B * 500), dh = NEW(B * 500), d2 = NEW(B * 800), z = NEW(B * 10);
		a1 = malloc(B * 2880), a2 = malloc(B * 800);
		for (int t = 0; t < 8; t++) S[t] = (Scratch *)NEW(sizeof(Scratch) / 4 + 16);
	}
	const float lr = .1f;
	float *C1 = P[0], *c1 = P[1], *C2 = P[2], *c2 = P[3];
	long o = (long)(i % (N / B)) * B;
#pragma omp parallel for num_threads(NT)
	for (int n = 0; n < B; n++) {
		Scratch *s = S[omp_get_thread_num()];
		tofloat(X + (o + n) * 784, s->x, 784);
		im2col(s->x, 1, 28, s->col1);
		gemm(0, 0, 20, 576, 25, 1, C1, s->col1, 0, s->c1);
		pool_tanh(s->c1, 20, 24, c1, p1 + n * 2880, a1 + n * 2880);
		im2col(p1 + n * 2880, 20, 12, s->col2);
		gemm(0, 0, 50, 64, 500, 1, C2, s->col2, 0, s->c2);
		pool_tanh(s->c2, 50, 8, c2, p2 + n * 800, a2 + n * 800);
	}
	gemm(0, 0, B, 500, 800, 1, p2, P[4], 0, h), bias_tanh(h, P[5], B, 500);
	gemm(0, 0, B, 10, 500, 1, h, P[6], 0, z);
	float l = softmax_nll(z, P[7], Y + o, B, 10);
	gemm(0, 1, B, 500, 10, 1, z, P[6], 0, dh);
#pragma omp parallel for simd num_threads(NT)
	for (int j = 0; j < B * 500; j++) dh[j] *= 1 - h[j] * h[j];
	gemm(0, 1, B, 800, 500, 1, dh, P[4], 0, d2);
	gemm(1, 0, 500, 10, B, -lr, h, z, 1, P[6]), colsum_add(P[7], z, B, 10, -lr);
	gemm(1, 0, 800, 500, B, -lr, p2, dh, 1, P[4]), colsum_add(P[5], dh, B, 500, -lr);
	for (int t = 0; t < NT; t++) memset(S[t]->gC1, 0, sizeof(float) * (500 + 25000 + 20 + 50));
#pragma omp parallel for num_threads(NT)
	for (int n = 0; n < B; n++) {
		Scratch *s = S[omp_get_thread_num()];
		float *d = d2 + n * 800, *q = p2 + n * 800;
		for (int j = 0; j < 800; j++) d[j] *= 1 - q[j] * q[j];
		for (int c = 0; c < 50; c++)
			for (int j = 0; j < 16; j++) s->gc2[c] += d[c * 16 + j];
		unpool(d, a2 + n * 800, 50, 8, s->c2);
		im2col(p1 + n * 2880, 20, 12, s->col2);
		gemm(0, 1, 50, 500, 64, 1, s->c2, s->col2, 1, s->gC2);
		gemm(1, 0, 500, 64, 50, 1, C2, s->c2, 0, s->col2);
		col2im(s->col2, 20, 12, s->d1);
		q = p1 + n * 2880;
		for (int j = 0; j < 2880; j++) s->d1[j] *= 1 - q[j] * q[j];
		for (int c = 0; c < 20; c++)
			for (int j = 0; j < 144; j++) s->gc1[c] += s->d1[c * 144 + j];
		unpool(s->d1, a1 + n * 2880, 20, 24, s->c1);
		tofloat(X + (o + n) * 784, s->x, 784);
		im2col(s->x, 1, 28, s->col1);
		gemm(0, 1, 20, 25, 576, 1, s->c1, s->col1, 1, s->gC1);
	}
	for (int t = 0; t < NT; t++) {
		for (int j = 0; j < 500; j++) C1[j] -= lr * S[t]->gC1[j];
		for (int j = 0; j < 25000; j++) C2[j] -= lr * S[t]->gC2[j];
		for (int j = 0; j < 20; j++) c1[j] -= lr * S[t]->gc1[j];
		for (int j = 0; j < 50; j++) c2[j] -= lr * S[t]->gc2[j];
	}
	return l;
}
/* ---- 7 gpt ---- */
enum { L = 4, H = 4, D = 128, T = 64, HS = 32, VC = 65 };
static void ln(const float *x, const float *g, float *y, float *mu, float *rs, int m) {
#pragma omp parallel for num_threads(NT)
	for (int i = 0; i < m; i++) {
		const float *r = x + i * D;
		float s = 0, v = 0;
		for (int j = 0; j < D; j++) s += r[j];
		s /= D;
		for (int j = 0; j < D; j++) v += (r[j] - s) * (r[j] - s);
		v = 1 / sqrtf(v / D + 1e-5f);
		mu[i] = s, rs[i] = v;
		for (int j = 0; j < D; j++) y[i * D + j] = (r[j] - s) * v * g[j];
	}
}
/* dx += , dg += */
static void ln_back(const float *dy, const float *x, const float *g, const float *mu, const float *rs, float *dx, float *dg, int m) {
	static float acc[8][D];
	memset(acc, 0, sizeof acc);
#pragma omp parallel for num_threads(NT)
	for (int i = 0; i < m; i++) {
		const float *r = x + i * D, *d = dy + i * D;
		float *a = acc[omp_get_thread_num()], s1 = 0, s2 = 0, xh[D];
		for (int j = 0; j < D; j++) {
			xh[j] = (r[j] - mu[i]) * rs[i];
			s1 += d[j] * g[j], s2 += d[j] * g[j] * xh[j], a[j] += d[j] * xh[j];
		}
		s1 /= D, s2 /= D;
		for (int j = 0; j < D; j++) dx[i * D + j] += rs[i] * (d[j] * g[j] - s1 - xh[j] * s2);
	}
	for (int t = 0; t < NT; t++)
		for (int j = 0; j < D; j++) dg[j] += acc[t][j];
}
typedef struct { float *h, *n1, *qkv, *p, *o, *h2, *n2, *u, *g, *mu1, *rs1, *mu2, *rs2; } Layer;
static Layer A[L];
static float *hf, *nf, *muf, *rsf, *lg;
static void gpt_alloc(void) {
	int M = 12 * T;
	for (int l = 0; l < L; l++)
		A[l] = (Layer){NEW(M * D), NEW(M * D), NEW(M * 3 * D), NEW(12 * H * T * T), NEW(M * D), NEW(M * D), NEW(M * D),
					   NEW(M * 4 * D), NEW(M * 4 * D), NEW(M), NEW(M), NEW(M), NEW(M)};
	hf = NEW(M * D), nf = NEW(M * D), muf = NEW(M), rsf = NEW(M), lg = NEW(M * VC);
}
static void gpt_fwd(float **P, const uint8_t *x, int B) {
	if (!hf) gpt_alloc();
	int M = B * T;
	for (int i = 0; i < M; i++)
		for (int j = 0; j < D; j++) A[0].h[i * D + j] = P[0][x[i] * D + j] + P[1][i % T * D + j];
	for (int l = 0; l < L; l++) {
		float **W = P + 2 + 6 * l, *next = l + 1 < L ? A[l + 1].h : hf;
		Layer *a = A + l;
		ln(a->h, W[0], a->n1, a->mu1, a->rs1, M);
		gemm(0, 0, M, 3 * D, D, 1, a->n1, W[1], 0, a->qkv);
#pragma omp parallel for num_threads(NT)
		for (int bh = 0; bh < B * H; bh++) {
			int b = bh / H, h = bh % H;
			float *q = a->qkv + b * T * 3 * D + h * HS, *p = a->p + bh * T * T;
			gemml(0, 1, T, T, HS, 0.17677669529663687f, q, 3 * D, q + D, 3 * D, 0, p, T);
			for (int i = 0; i < T; i++) {
				float mx = -1e30f, s = 0, *r = p + i * T;
				for (int j = 0; j <= i; j++) mx = fmaxf(mx, r[j]);
				for (int j = 0; j < T; j++) r[j] = j <= i ? expf(r[j] - mx) : 0, s += r[j];
				for (int j = 0; j < T; j++) r[j] /= s;
			}
			gemml(0, 0, T, HS, T, 1, p, T, q + 2 * D, 3 * D, 0, a->o + b * T * D + h * HS, D);
		}
		memcpy(a->h2, a->h, M * D * 4);
		gemm(0, 0, M, D, D, 1, a->o, W[2], 1, a->h2);
		ln(a->h2, W[3], a->n2, a->mu2, a->rs2, M);
		gemm(0, 0, M, 4 * D, D, 1, a->n2, W[4], 0, a->u);
#pragma omp parallel for simd num_threads(NT)
		for (int j = 0; j < M * 4 * D; j++) a->g[j] = .5f * a->u[j] * (1 + erff(a->u[j] * 0.70710678f));
		memcpy(next, a->h2, M * D * 4);
		gemm(0, 0, M, D, 4 * D, 1, a->g, W[5], 1, next);
	}
	ln(hf, P[2 + 6 * L], nf, muf, rsf, M);
}
float gpt(float **P, const uint8_t *x, const uint8_t *y) {
	enum { B = 12, M = B * T, NP = 3 + 6 * L };
	static float *G[NP], *Ma[NP], *Va[NP], *dn, *dh, *du, *dq, *dp;
	static int n[NP], t;
	if (!dn) {
		n[0] = VC * D, n[1] = T * D, n[NP - 1] = D;
		for (int l = 0; l < L; l++) {
			int *q = n + 2 + 6 * l;
			q[0] = D, q[1] = 3 * D * D, q[2] = D * D, q[3] = D, q[4] = q[5] = 4 * D * D;
		}
		for (int j = 0; j < NP; j++) G[j] = NEW(n[j]), Ma[j] = NEW(n[j]), Va[j] = NEW(n[j]);
		dn = NEW(M * D), dh = NEW(M * D), du = NEW(M * 4 * D), dq = NEW(M * 3 * D), dp = NEW(8 * T * T);
	}
	gpt_fwd(P, x, B);
	gemm(0, 1, M, VC, D, 1, nf, P[0], 0, lg);
	float loss = softmax_nll(lg, 0, y, M, VC);
	for (int j = 0; j < NP; j++)
		if (n[j] == D || j < 2) memset(G[j], 0, n[j] * 4);
	gemm(1, 0, VC, D, M, 1, lg, nf, 0, G[0]);
	gemm(0, 0, M, D, VC, 1, lg, P[0], 0, dn);
	memset(dh, 0, M * D * 4);
	ln_back(dn, hf, P[NP - 1], muf, rsf, dh, G[NP - 1], M);
	for (int l = L - 1; l >= 0; l--) {
		float **W = P + 2 + 6 * l, **g = G + 2 + 6 * l;
		Layer *a = A + l;
		gemm(1, 0, 4 * D, D, M, 1, a->g, dh, 0, g[5]);
		gemm(0, 1, M, 4 * D, D, 1, dh, W[5], 0, du);
#pragma omp parallel for simd num_threads(NT)
		for (int j = 0; j < M * 4 * D; j++) {
			float u = a->u[j];
			du[j] *= .5f * (1 + erff(u * 0.70710678f)) + u * 0.39894228f * expf(-.5f * u * u);
		}
		gemm(1, 0, D, 4 * D, M, 1, a->n2, du, 0, g[4]);
		gemm(0, 1, M, D, 4 * D, 1, du, W[4], 0, dn);
		ln_back(dn, a->h2, W[3], a->mu2, a->rs2, dh, g[3], M);
		gemm(1, 0, D, D, M, 1, a->o, dh, 0, g[2]);
		gemm(0, 1, M, D, D, 1, dh, W[2], 0, dn);
#pragma omp parallel for num_threads(NT)
		for (int bh = 0; bh < B * H; bh++) {
			int b = bh / H, h = bh % H, off = b * T * 3 * D + h * HS;
			float *q = a->qkv + off, *d = dq + off, *p = a->p + bh * T * T, *s = dp + omp_get_thread_num() * T * T,
				  *o = dn + b * T * D + h * HS;
			gemml(0, 1, T, T, HS, 1, o, D, q + 2 * D, 3 * D, 0, s, T);
			gemml(1, 0, T, HS, T, 1, p, T, o, D, 0, d + 2 * D, 3 * D);
			for (int i = 0; i < T; i++) {
				float r = 0;
				for (int j = 0; j < T; j++) r += p[i * T + j] * s[i * T + j];
				for (int j = 0; j < T; j++) s[i * T + j] = p[i * T + j] * (s[i * T + j] - r);
			}
			gemml(0, 0, T, HS, T, 0.17677669529663687f, s, T, q + D, 3 * D, 0, d, 3 * D);
			gemml(1, 0, T, HS, T, 0.17677669529663687f, s, T, q, 3 * D, 0, d + D, 3 * D);
		}
		gemm(1, 0, D, 3 * D, M, 1, a->n1, dq, 0, g[1]);
		gemm(0, 1, M, D, 3 * D, 1, dq, W[1], 0, dn);
		ln_back(dn, a->h, W[0], a->mu1, a->rs1, dh, g[0], M);
	}
	for (int i = 0; i < M; i++)
		for (int j = 0; j < D; j++) G[0][x[i] * D + j] += dh[i * D + j], G[1][i % T * D + j] += dh[i * D + j];
	t++;
	for (int j = 0; j < NP; j++) adam(P[j], G[j], Ma[j], Va[j], n[j], 1e-3f, .9f, .99f, 1e-8f, n[j] == D ? 0 : .1f, t);
	return loss;
}
/* ---- 10 tiny ---- */
float tiny(float **P, const float *x, const float *y) {
	float *w = P[0], *b = P[1], l = 0, g0 = 0, g1 = 0, gb = 0;
	for (int i = 0; i < 4; i++) {
		float z = x[2 * i] * w[0] + x[2 * i + 1] * w[1] + *b, e = expf(-fabsf(z)), s = (z > 0 ? 1 : e) / (1 + e), d = (s - y[i]) * .25f;
		l += fmaxf(z, 0) + log1pf(e) - y[i] * z;
		g0 += d * x[2 * i], g1 += d * x[2 * i + 1], gb += d;
	}
	w[0] -= .1f * g0, w[1] -= .1f * g1, *b -= .1f * gb;
	return l * .25f;
}
/* ---- 11 elementwise ---- */
float elementwise(const float *a, const float *b, const float *c, float *y, float *ga, float *gb, float *gc, int n) {
	float sum = 0;
#pragma omp parallel for simd num_threads(NT) reduction(+ : sum)
	for (int i = 0; i < n; i++) {
		float s = 1 / (1 + expf(-c[i])), t = tanhf(a[i] * b[i] + s), e = expf(-a[i] * a[i]), d = (1 - t * t) * e, v = t * e;
		y[i] = v, sum += v;
		ga[i] = d * b[i] - 2 * a[i] * v, gb[i] = d * a[i], gc[i] = d * s * (1 - s);
	}
	return sum;
}
/* ---- 12 softmax_xent ---- */
float softmax_xent(const float *x, const int *y, float *g, int m, int n) {
	float loss = 0;
#pragma omp parallel for num_threads(NT) reduction(+ : loss)
	for (int i = 0; i < m; i++) {
		const float *r = x + (long)i * n;
		float *d = g + (long)i * n, mx = -1e30f, s = 0;
		for (int j = 0; j < n; j++) mx = fmaxf(mx, r[j]);
		for (int j = 0; j < n; j++) s += d[j] = expf(r[j] - mx);
		loss += logf(s) + mx - r[y[i]];
		float k = 1 / (s * m);
		for (int j = 0; j < n; j++) d[j] *= k;
		d[y[i]] -= 1.0f / m;
	}
	return loss / m;
}
/* ---- 13 predict ---- */
static void gemv(const float *W, const float *x, float *y, int in, int out) {
	cblas_sgemv(CblasRowMajor, CblasTrans, in, out, 1, W, out, x, 1, 0, y, 1);
}
static float out[VC];
float *p_logreg(float **P, const float *x) {
	gemv(P[0], x, out, 784, 10), softmax1(out, P[1], 10);
	return out;
}
float *p_mlp(float **P, const float *x) {
	static float h[500];
	gemv(P[0], x, h, 784, 500), bias_tanh(h, P[1], 1, 500), gemv(P[2], h, out, 500, 10), softmax1(out, P[3], 10);
	return out;
}
float *p_lenet(float **P, const float *x) {
	static Scratch s;
	static float p1[2880], p2[800], h[500];
	static uint8_t a[2880];
	im2col(x, 1, 28, s.col1), gemm(0, 0, 20, 576, 25, 1, P[0], s.col1, 0, s.c1), pool_tanh(s.c1, 20, 24, P[1], p1, a);
	im2col(p1, 20, 12, s.col2), gemm(0, 0, 50, 64, 500, 1, P[2], s.col2, 0, s.c2), pool_tanh(s.c2, 50, 8, P[3], p2, a);
	gemv(P[4], p2, h, 800, 500), bias_tanh(h, P[5], 1, 500), gemv(P[6], h, out, 500, 10), softmax1(out, P[7], 10);
	return out;
}
/* k steps from inside C, so that no foreign-call cost is in the number */
float many(int w, float **P, int i, int k, void **E) {
	float l = 0;
	for (int j = i; j < i + k; j++) switch (w) {
		case 0: l = logreg(P, j); break;
		case 1: l = mlp(P, j); break;
		case 2: l = mlp_adam(P, j); break;
		case 3: l = lenet(P, j); break;
		case 4: { long o = (long)(j % N) * 12 * T; l = gpt(P, X + o, Y + o); break; }
		case 5: l = tiny(P, E[0], E[1]); break;
		case 6: l = elementwise(E[0], E[1], E[2], E[3], E[4], E[5], E[6], 1000000); break;
		case 7: l = softmax_xent(E[0], E[1], E[2], 4096, 1000); break;
		case 8: { float *o = p_logreg(P, E[0]); l = o[0] + o[1] + o[2] + o[3] + o[4]; break; }
		case 9: { float *o = p_mlp(P, E[0]); l = o[0] + o[1] + o[2] + o[3] + o[4]; break; }
		case 10: { float *o = p_lenet(P, E[0]); l = o[0] + o[1] + o[2] + o[3] + o[4]; break; }
		}
	return l;
}
