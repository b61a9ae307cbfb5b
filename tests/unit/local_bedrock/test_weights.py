"""Models are kept on disk and only a few of them in memory."""

from __future__ import annotations

from pathlib import Path

from finetune_local.bedrock.weights import Weights
from tests.unit.local_bedrock.support import ACCOUNT, EchoFactory, EchoModel


class CountingFactory(EchoFactory):
    """Counts what it loads."""

    def __init__(self) -> None:
        self.loads: list[str] = []

    def load(self, path: Path) -> EchoModel:
        self.loads.append(path.name)
        return super().load(path)


def test_models_come_back_from_disk(tmp_path: Path) -> None:
    factory = CountingFactory()
    weights = Weights(factory, tmp_path)
    arns = [f"arn:aws:bedrock:us-east-1:{ACCOUNT}:custom-model/base/{n:012d}" for n in range(6)]
    for arn in arns:
        weights.keep(arn, EchoModel({"q": arn}))
    assert weights.get(arns[-1]).generate("q", 1) == arns[-1]
    assert factory.loads == [], "the last one is still in memory"
    assert weights.get(arns[0]).generate("q", 1) == arns[0]
    assert factory.loads == ["000000000000"]
    weights.drop(arns[0])
    assert len(list(tmp_path.rglob("0*"))) == 5
