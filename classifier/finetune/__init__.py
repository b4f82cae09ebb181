"""Training a whole backbone on labelled products: the full recipe for a machine with a GPU.

    torchrun --nproc-per-node 4 your_script.py    # calls classifier.finetune.loop.finetune

The result is a directory that `TextEncoder.load` or `ImageEncoder.load` accepts, with the
trained head beside the backbone. Everything runs on CPU too, slowly.
"""
