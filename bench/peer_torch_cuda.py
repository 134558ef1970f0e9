"""peer_torch_cuda.py -- PyTorch on a GPU: the steps of peer_torch.py, with all that comes from NumPy on the device.  variants as there"""
import torch
import peer_torch

from_numpy = torch.from_numpy
torch.from_numpy = lambda a: from_numpy(a).cuda()
torch.set_default_device("cuda")


def build(w, variant):
    return peer_torch.build(w, variant)
