/* mc_math_f64.h -- exp, log and their kin in double; included by mc_math.h, which says the rules */
#ifndef MC_MATH_F64_H
#define MC_MATH_F64_H

MC_FN double mc_exp_f64(double x)
{
	return exp(x);
}

MC_FN double mc_expm1_f64(double x)
{
	return expm1(x);
}

MC_FN double mc_log_f64(double x)
{
	return log(x);
}

MC_FN double mc_log1p_f64(double x)
{
	return log1p(x);
}

MC_FN double mc_tanh_f64(double x)
{
	return tanh(x);
}

MC_FN double mc_sigmoid_f64(double x)
{
	const double z = exp(-fabs(x));
	return mc_sel_f64(x >= 0.0, 1.0, z) / (1.0 + z);
}

MC_FN double mc_erf_f64(double x)
{
	return erf(x);
}

MC_FN double mc_sin_f64(double x)
{
	return sin(x);
}

MC_FN double mc_cos_f64(double x)
{
	return cos(x);
}

MC_FN double mc_pow_f64(double a, double b)
{
	return pow(a, b);
}

#endif
