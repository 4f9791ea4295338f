# SPDX-License-Identifier: Apache-2.0
"""A small network on hand-written digits with Horovod's DistributedOptimizer, its ranks started through Open MPI.

Every global batch is cut into equal shares by rank, so 1 host of 4 ranks and 2 hosts of 2 print the same loss.
"""
import argparse
import gzip
import os
import sys

import horovod.torch as hvd
import numpy as np
import torch

HELD_OUT = 361  # rows, of 1797: 1436 are left to train on
SEED = 7


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--training", default=os.environ.get("SM_CHANNEL_TRAINING"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--batch-size", type=int, default=64, help="of all ranks together")
    arguments = parser.parse_args()
    for option in ("training", "model_dir"):
        if not getattr(arguments, option):
            sys.exit(f"train.py: --{option.replace('_', '-')} is not given, and its SM_ variable not set")
    return arguments


def read_digits(folder):
    """Pixels as 0..1 and labels, shuffled alike on every rank."""
    with gzip.open(os.path.join(folder, "digits.csv.gz"), "rt", encoding="ascii") as text:
        table = np.loadtxt(text, delimiter=",", dtype=np.float32)
    table = table[np.random.default_rng(SEED).permutation(len(table))]
    return torch.from_numpy(table[:, :-1] / 16.0), torch.from_numpy(table[:, -1].astype(np.int64))


def train(pixels, labels, arguments, device):
    torch.manual_seed(SEED)
    network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)).to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=arguments.learning_rate, momentum=0.9)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=network.named_parameters())
    hvd.broadcast_parameters(network.state_dict(), root_rank=0)
    order = torch.Generator().manual_seed(SEED)
    share = arguments.batch_size // hvd.size()
    steps = len(labels) // arguments.batch_size
    for epoch in range(1, arguments.epochs + 1):
        shuffled = torch.randperm(len(labels), generator=order)
        total = torch.zeros(1, dtype=torch.float64)
        for step in range(steps):
            begin = step * arguments.batch_size + hvd.rank() * share
            own = shuffled[begin : begin + share]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(pixels[own].to(device)), labels[own].to(device))
            loss.backward()
            optimizer.step()  # averages the gradients over the ranks first
            total += loss.detach().double().cpu()
        mean = hvd.allreduce(total, name="loss").item() / steps
        if hvd.rank() == 0 and (epoch % 5 == 0 or epoch == arguments.epochs):
            print(f"epoch {epoch}: loss {mean:.4f}", flush=True)
    return network


def main():
    arguments = parse_arguments()
    hvd.init()
    if arguments.batch_size % hvd.size() != 0:
        sys.exit(f"train.py: --batch-size {arguments.batch_size} cannot be shared by {hvd.size()} ranks")
    on_gpu = torch.cuda.is_available() and hvd.local_rank() < torch.cuda.device_count()
    device = torch.device("cuda", hvd.local_rank()) if on_gpu else torch.device("cpu")
    pixels, labels = read_digits(arguments.training)
    network = train(pixels[:-HELD_OUT], labels[:-HELD_OUT], arguments, device)
    if hvd.rank() == 0:
        os.makedirs(arguments.model_dir, exist_ok=True)
        torch.save(network.state_dict(), os.path.join(arguments.model_dir, "digits.pt"))
        with torch.no_grad():
            right = network(pixels[-HELD_OUT:].to(device)).argmax(dim=1).cpu() == labels[-HELD_OUT:]
        print(f"accuracy: {right.double().mean().item():.4f}", flush=True)
    hvd.shutdown()


if __name__ == "__main__":
    main()
