"""peer_torch_cuda.py -- PyTorch on a GPU: the steps of peer_torch.py, with all that comes from NumPy on the device.  variants as there"""
import torch
import peer_torch

torch.backends.cudnn.allow_tf32 = False  # of products that is the default
from_numpy = torch.from_numpy
torch.from_numpy = lambda a: from_numpy(a).cuda()
torch.set_default_device("cuda")


def build(w, variant):
    return peer_torch.build(w, variant)
