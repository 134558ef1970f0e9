/* kernels.h -- six kernels made by hand as data, with the tile numbers of a width of vectors (Build.lanes) */
#ifndef KERNELS_H
#define KERNELS_H

#include "kernel_build.h"

Kernel *kernel_logreg(Build *); /* a whole step of logistic regression on bytes: 784 to 10 */
Kernel *kernel_adam(Build *); /* x.T @ d and Adam's update on its tile: 784 x 500 */
Kernel *kernel_conv(Build *); /* convolution 20 to 50 channels of 5 x 5, max-pool, which of four, bias, tanh; a lane is an image */
Kernel *kernel_conv_data(Build *); /* its gradient to the data, before pooling */
Kernel *kernel_lstm(Build *); /* time inside, the batch on threads; 128 units */
Kernel *kernel_attention(Build *); /* causal, 64 x 32, running maximum and sum; a lane is a query */

#endif
