/* For sources that name it; everything is in weir_cuda.h, which `weir cc` puts first. */
#pragma once
#include "weir_cuda.h"
