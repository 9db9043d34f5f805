from typing import Any, List


def run(program: str, data: Any) -> List[Any]:
    raise NotImplementedError
