# SPDX-License-Identifier: Apache-2.0
"""Softmax regression on hand-written digits, data-parallel over MPI ranks.

Every rank keeps its share of the rows and adds its part of each gradient; Allreduce sums the parts, so all
ranks take the same step. The order of the global batches depends on the seed alone: 1 rank and 4 ranks
compute the same sums, and print the same accuracy.
"""
import argparse
import gzip
import os
import sys

import numpy as np
from mpi4py import MPI

CLASSES = 10
HELD_OUT = 360  # rows, of 1797, that no rank trains on
SEED = 7

world = MPI.COMM_WORLD


def parse_arguments():
    """SageMaker's own variables are the defaults, so that the same file runs in a container and by hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--training", default=os.environ.get("SM_CHANNEL_TRAINING"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=1.0)
    parser.add_argument("--batch-size", type=int, default=128)
    arguments = parser.parse_args()
    unset = [
        f"{variable} is not set and {option} is not given"
        for variable, option, value in (
            ("SM_CHANNEL_TRAINING", "--training", arguments.training),
            ("SM_MODEL_DIR", "--model-dir", arguments.model_dir),
        )
        if not value
    ]
    if unset:
        if world.rank == 0:
            print(f"train.py: {'; '.join(unset)}: start it with smlaunch, or give both", file=sys.stderr)
        world.Barrier()  # the first rank to exit with an error ends the others: not before the message is out
        sys.exit(2)
    return arguments


def read_digits(folder):
    """Pixels as 0..1 with a constant column for the bias, and labels; shuffled alike on every rank."""
    with gzip.open(os.path.join(folder, "digits.csv.gz"), "rt", encoding="ascii") as text:
        table = np.loadtxt(text, delimiter=",")
    table = table[np.random.default_rng(SEED).permutation(len(table))]
    pixels = np.hstack([table[:, :-1] / 16.0, np.ones((len(table), 1))])
    return pixels, table[:, -1].astype(int)


def probabilities(pixels, weights):
    scores = pixels @ weights
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def train(pixels, labels, arguments):
    rows = len(labels)
    own_pixels, own_labels = pixels[world.rank :: world.size], labels[world.rank :: world.size]
    print(f"trains on {len(own_labels)} of {rows} images", flush=True)

    one_hot = np.eye(CLASSES)[own_labels]
    weights = np.zeros((pixels.shape[1], CLASSES))
    # The gradient and, in the last row, the loss: one Allreduce a step carries both.
    own_sum = np.zeros((weights.shape[0] + 1, CLASSES))
    total = np.empty_like(own_sum)
    order = np.random.default_rng(SEED)
    for epoch in range(1, arguments.epochs + 1):
        loss = 0.0
        shuffled = order.permutation(rows)
        for start in range(0, rows, arguments.batch_size):
            batch = shuffled[start : start + arguments.batch_size]
            own = batch[batch % world.size == world.rank] // world.size
            guess = probabilities(own_pixels[own], weights)
            own_sum[:-1] = own_pixels[own].T @ (guess - one_hot[own])
            own_sum[-1, 0] = -np.log((guess * one_hot[own]).sum(axis=1)).sum()
            world.Allreduce(own_sum, total, op=MPI.SUM)
            weights -= arguments.learning_rate / len(batch) * total[:-1]
            loss += total[-1, 0]
        if world.rank == 0 and (epoch % 20 == 0 or epoch == arguments.epochs):
            print(f"epoch {epoch}: loss {loss / rows:.4f}", flush=True)
    return weights


def main():
    arguments = parse_arguments()
    pixels, labels = read_digits(arguments.training)
    weights = train(pixels[:-HELD_OUT], labels[:-HELD_OUT], arguments)
    if world.rank == 0:
        os.makedirs(arguments.model_dir, exist_ok=True)
        np.savez(os.path.join(arguments.model_dir, "digits.npz"), weights=weights)
        right = probabilities(pixels[-HELD_OUT:], weights).argmax(axis=1) == labels[-HELD_OUT:]
        print(f"accuracy: {right.mean():.4f}", flush=True)


if __name__ == "__main__":
    main()
