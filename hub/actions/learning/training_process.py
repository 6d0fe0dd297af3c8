"""What runs in the process that learns: one job by stdin, what came of it by stdout. Holds no secret and opens nothing."""

import os
import pickle
import sys
import time

from hub.actions.learning.training import GENTLE, Job, Trained
from routing.learn import tfidf, train
from routing.learn.judge import Trainer, judge
from routing.learn.model import from_bytes, to_bytes

METHODS: dict[str, tuple[str, Trainer]] = {
    train.METHOD: ("words", train.train),
    tfidf.METHOD: ("pieces", tfidf.train),
}
"""By name: with which analyser it looks, and how it learns."""


def learn(job: Job) -> list[Trained]:
    """Every method in turn, judged on what it had not seen and then made of everything."""
    in_use = from_bytes(job.in_use) if job.in_use else None
    done = []
    for method in job.methods:
        began = time.perf_counter()
        analyser, trainer = METHODS[method]
        seen = train.look(job.examples, analyser)
        judgement = judge(seen, trainer, in_use=in_use, learned_until=job.learned_until)
        done.append(
            Trained(
                method=method,
                document=to_bytes(trainer(seen)),
                judgement=judgement,
                seconds=time.perf_counter() - began,
            )
        )
    return done


def main() -> None:
    """Do the job. A fault ends the process with its trace in the log."""
    # What a library prints goes to the log, not into the answer.
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(GENTLE)
    job: Job = pickle.loads(source.read())  # noqa: S301 - from our own parent
    sink.write(pickle.dumps(learn(job), protocol=5))
    sink.flush()


if __name__ == "__main__":
    main()
