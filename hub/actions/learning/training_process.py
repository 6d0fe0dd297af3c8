"""What runs in the process that learns (hub.actions.apart)."""

import time

from hub.actions.apart import serve_apart
from hub.actions.learning.training import Job, Trained
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


if __name__ == "__main__":
    serve_apart(learn)
