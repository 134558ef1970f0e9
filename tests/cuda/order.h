/* the order of an emulation's loops, which the program decides: tests/harness.c */
#ifdef __cplusplus
extern "C" {
#endif
extern int mc_downwards;
#ifdef __cplusplus
}
#endif
#undef MC_DOWNWARDS
#define MC_DOWNWARDS mc_downwards
