# Makefile -- set up, build, train, predict, test.  `make help` lists what there is.

MODEL   ?= logistic_regression
DATA    ?=
PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O3 -march=native
TARGET  ?= c
BLAS    ?= $(if $(filter cuda,$(TARGET)),cublaslt,openblas)
NVCC    ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc) nvcc)
FLOATX  ?= float32
IMAGE   ?=
CSV     ?=
PEERS   ?= build/peers
WORKLOADS ?=

BUILD   := build
MODELC  := $(BUILD)/modelc
GEN     := $(BUILD)/gen
TRAINED := $(patsubst models/%.model,%,$(shell grep -lE '^[[:space:]]*fit[[:space:]]' models/*.model))

# MODEL is the name of one in models/, or a file of one's own
FILE    := $(if $(filter %.model,$(MODEL)),$(MODEL),models/$(MODEL).model)
NAME    := $(or $(shell sed -n '/^model /{s/^model  *\([A-Za-z0-9_]*\).*/\1/p;q;}' '$(FILE)' 2>/dev/null),$(basename $(notdir $(MODEL))))
OUT     ?= out/$(NAME)
PROGRAM := $(BUILD)/$(NAME)$(if $(filter cuda,$(TARGET)),_cuda)

# what else stands on the command line is an argument of the program: learning_rate=0.05
KNOWN   := GEN PROGRAM TARGET NVCC MODEL DATA OUT PREFIX DESTDIR CC CFLAGS BLAS FLOATX IMAGE CSV EPOCHS SEED RESUME MODELC_FLAGS N PEERS WORKLOADS
EXTRA    = $(foreach o,$(filter-out $(KNOWN),$(.VARIABLES)),$(if $(findstring command,$(origin $o)),--$o $(call quoted,$($o))))
quoted   = '$(subst ','\'',$(1))'
ARGS     = $(if $(DATA),--data $(call quoted,$(DATA))) --out $(call quoted,$(OUT)) $(if $(EPOCHS),--epochs '$(EPOCHS)') $(if $(SEED),--seed '$(SEED)') $(EXTRA)

# with the small images of the tree, the models' constants fit them
FULL     = $(shell ls /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz 2>/dev/null)
SMALL    = $(if $(filter-out models/data models/data/,$(or $(DATA),$(if $(FULL),full,models/data))),,n_fit=1500 batch_size=50)
DEFINES  = $(foreach d,$(SMALL),$(shell grep -qE '^const.*\<$(firstword $(subst =, ,$d)) *=' '$(FILE)' && echo -D $d))

.PHONY: all setup setup-data setup-test train predict info test test-all fuzz mutate fuzz-programs kills bench bench-cuda bench-size install clean help
all: $(MODELC)

help:
	@echo 'make                 builds $(MODELC)'
	@echo 'make train           sets up, compiles a model, trains it; results in $(OUT)'
	@echo 'make predict         predictions of its best state; IMAGE=file CSV=file.csv|.npy for images of your own'
	@echo 'make info            the functions and variables of a model'
	@echo 'make test            all tests, some six minutes; make test-all: every combination of settings'
	@echo 'make kills           N=200 trainings killed at random moments, each resumed'
	@echo 'make bench           times our code against C by hand, and frameworks in PEERS=$(PEERS): doc/speed.md'
	@echo 'make bench-cuda      times our code on a GPU against PyTorch and JAX there'
	@echo 'make install         the compiler, the runtime, man page and packages; PREFIX=/usr/local DESTDIR='
	@echo 'make clean           removes $(BUILD) and out'
	@echo
	@echo 'MODEL=$(MODEL)   one of: $(TRAINED)'
	@echo '                     or a .model file of your own'
	@echo 'DATA=folder EPOCHS=10 SEED=1 OUT=folder RESUME=1   and any argument of the model: learning_rate=0.05'
	@echo 'TARGET=cuda          trains and predicts on a GPU; NVCC=$(NVCC)'
	@echo 'CC=$(CC) CFLAGS="$(CFLAGS)" BLAS=$(BLAS) FLOATX=$(FLOATX) MODELC_FLAGS=   how it is compiled'

setup:
	@tools/setup.sh build
setup-data: setup
	@tools/setup.sh data
setup-test: setup
	@tools/setup.sh test

# cmake decides what is out of date
.PHONY: modelc-build
modelc-build: setup
	@[ -x $(MODELC) ] || echo 'building $(MODELC)'
	@mkdir -p $(BUILD)
	@[ -f $(BUILD)/CMakeCache.txt ] || cmake -S . -B $(BUILD) -DMODELC_TESTS=OFF >$(BUILD)/make.log 2>&1 || { cat $(BUILD)/make.log; exit 1; }
	@$(MAKE) --no-print-directory -C $(BUILD) -j$$(nproc 2>/dev/null || echo 2) modelc modelc_runtime MAKEFLAGS= MAKEOVERRIDES= >$(BUILD)/make.log 2>&1 || { cat $(BUILD)/make.log; exit 1; }
$(MODELC): modelc-build

.PHONY: model-exists
model-exists:
	@[ -f '$(FILE)' ] || { echo 'make: there is no $(FILE); MODEL= takes $(TRAINED), or a .model file' >&2; exit 1; }

# `make train` is for models that say how; nothing is built for others
has-%: model-exists
	@grep -qE '^[[:space:]]*(driver[[:space:]]*\{[[:space:]]*)?$*[[:space:]]' '$(FILE)' || { \
		echo 'make: $(FILE) has no `$*` in a driver block (doc/driver.md); MODEL= takes $(TRAINED), or a .model file that has' >&2; exit 1; }

# what TARGET asks of the machine
.PHONY: target-exists
target-exists:
ifeq ($(TARGET),cuda)
	@command -v $(NVCC) >/dev/null 2>&1 || { echo 'make: TARGET=cuda needs nvcc, of the CUDA toolkit; NVCC= says where it is' >&2; exit 1; }
	@nvidia-smi -L >/dev/null 2>&1 || { echo 'make: TARGET=cuda needs a GPU, and nvidia-smi finds none' >&2; exit 1; }
else ifneq ($(TARGET),c)
	@echo 'make: there is no TARGET=$(TARGET): c or cuda' >&2; exit 1
endif

# a program takes its place when it is whole
$(PROGRAM): model-exists target-exists modelc-build setup-data FORCE
	@mkdir -p $(GEN)
	@$(MODELC) '$(FILE)' --driver --target $(TARGET) --blas $(BLAS) --floatX $(FLOATX) -o $(GEN) $(DEFINES) $(MODELC_FLAGS)
ifeq ($(TARGET),cuda)
	@$(NVCC) -O3 -std=c++17 -fmad=false -arch=native -I runtime -I $(GEN) -o $@.new $(GEN)/$(NAME).cu $(GEN)/$(NAME)_driver.c $(BUILD)/libmodelc_runtime.a \
		$(if $(filter cublaslt,$(BLAS)),-lcublasLt) -lpng -lz -lm
else
	@$(CC) $(CFLAGS) -std=gnu99 -fopenmp -I runtime -I $(GEN) -o $@.new $(GEN)/$(NAME).c $(GEN)/$(NAME)_driver.c $(BUILD)/libmodelc_runtime.a \
		$(if $(filter openblas,$(BLAS)),-lopenblas) -lpng -lz -lm
endif
	@mv $@.new $@
.PHONY: FORCE
FORCE:

train: has-fit $(PROGRAM)
	@$(PROGRAM) train $(ARGS) $(if $(RESUME),--resume)
predict: has-predict $(PROGRAM)
	@$(PROGRAM) predict $(ARGS) $(if $(IMAGE),--image $(call quoted,$(IMAGE))) $(if $(CSV),--out-file $(call quoted,$(CSV)))
info: $(PROGRAM)
	@$(PROGRAM) info

test: setup-test setup-data
	@python3 tests/run.py
# trainings killed at random moments
kills: setup-test setup-data modelc-build
	@python3 tests/accidents.py $(or $(N),200)
test-all: setup-test setup-data
	@python3 tests/run.py --all

# N inputs for tests/fuzz (10^7 take about an hour of one core), from a seed; by libFuzzer where clang has it
fuzz: setup-test
	@python3 tests/fuzzing.py $(or $(N),10000000) $(or $(SEED),1)

# N programs and N / 5 networks by chance, from a seed, against the naive evaluator; what fails is left in fuzz-programs/, cut small
fuzz-programs: setup-test
	@python3 tests/random_programs.py --count $(or $(N),1000) --seed $(or $(SEED),1)

# some three minutes, the first time more to compile; PEERS: a folder that bench/install.sh made, WORKLOADS: only these
bench: setup-test setup-data modelc-build
	@$(PEERS)/bin/python -c 'import numpy' 2>/dev/null || bench/install.sh '$(PEERS)'
	@$(PEERS)/bin/python bench/bench.py $(WORKLOADS)
	@echo 'seconds of modelc, and the slope:' && python3 bench/size.py --most 10000
# on a GPU, with the frameworks for it that PEERS has
bench-cuda: setup-data modelc-build
	@$(MAKE) --no-print-directory target-exists TARGET=cuda NVCC=$(NVCC)
	@p=$(PEERS)/bin/python; [ -x $$p ] || ! python3 -c 'import numpy' 2>/dev/null || p=python3; \
		$$p -c 'import numpy' 2>/dev/null || bench/install.sh '$(PEERS)'; PATH="$$PATH:$$(dirname $(NVCC))" $$p bench/bench_cuda.py $(WORKLOADS)
# time of the compiler over the size of the program: 10^3 to 10^5 nodes, with the slope
bench-size: modelc-build
	@python3 bench/size.py

# breaks rewrites, derivatives, shape rules and checks one at a time: which test fails? All 588 take some three minutes of two
# idle cores; N: so many of them, drawn by SEED
mutate: setup-test
	@python3 tests/mutate.py $(or $(N),0) $(or $(SEED),1)

install: modelc-build
	@to=$(call quoted,$(PREFIX)); case $$to in /*) ;; *) to=$$PWD/$$to ;; esac; \
		DESTDIR=$(call quoted,$(DESTDIR)) cmake --install $(BUILD) --prefix "$$to"

clean:
	rm -rf $(BUILD) $(BUILD)-tests out
