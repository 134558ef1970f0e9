/* convert.c -- reads arrays and writes them again: what tests/formats_numpy.py sets beside NumPy
 *
 *      convert IN OUT      .npy, .idx[.gz], .csv, "file.npz:name"  to .npy, .idx, .idx.gz;  .npz, .safetensors to either */
#include <stdlib.h>
#include <string.h>

#include "mc_data.h"

int main(int argc, char **argv)
{
	mc_error err = {0};
	mc_status status = MC_FORMAT;
	if (argc != 3)
		return 2;
	const char *in = argv[1], *out = argv[2];
	const int many = mc_ends_with(out, ".npz") || mc_ends_with(out, ".safetensors");
	if (many) {
		mc_archive a;
		status = mc_archive_load(in, &a, &err);
		if (status == MC_OK)
			status = (mc_ends_with(out, ".npz")
			                  ? mc_npz_write
			                  : mc_safetensors_write)(out, a.n, a.item, &err);
		mc_archive_free(&a);
	} else {
		mc_array a;
		status = mc_data_load(in, &a, &err);
		if (status == MC_OK)
			status = (mc_ends_with(out, ".npy") ? mc_npy_write : mc_idx_write)(out, &a,
			                                                                   &err);
		mc_array_free(&a);
	}
	if (status != MC_OK)
		printf("%s\n", err.text);
	return status == MC_OK ? 0 : 1;
}
