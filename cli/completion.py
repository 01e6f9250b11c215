"""Completion in bash, which takes `KEY=VALUE` apart at the sign. Zsh and fish need nothing more than click gives."""

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class


class Bash(BashComplete):
    """Puts the parts of `KEY=VALUE` together before they are completed, and gives back only the part after the sign.

    No space follows a completed key, because its value comes next.
    """

    source_template = BashComplete.source_template.replace(
        "    return 0", '    [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace\n    return 0'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        words, incomplete = super().get_completion_args()
        together: list[str] = []
        for word in [*words, incomplete]:
            if together and (word == "=" or together[-1].endswith("=")):
                together[-1] += word
            else:
                together.append(word)
        whole = together.pop()
        self._before = whole.removesuffix(incomplete) if incomplete != "=" else whole
        return together, whole

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """A completion as the script reads it: its type, and the text that stands for the word that bash knows."""
        return f"{item.type},{str(item.value).removeprefix(self._before)}"


add_completion_class(Bash)
