"""Completion in bash, zsh and fish, where click's own scripts do not know `KEY=VALUE` and `--option=VALUE`."""

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete, add_completion_class


class Bash(BashComplete):
    """Bash takes `KEY=VALUE` apart at the sign.

    Puts the parts together before they are completed, and gives back only the part after the sign. No space follows a
    completed key, because its value comes next.
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


class Zsh(ZshComplete):
    """Zsh wants the whole word back, `--option=VALUE`; no space follows a completed key."""

    source_template = ZshComplete.source_template.replace(
        "compadd -U -V unsorted -a completions",
        "local -a suffix; [[ $completions[1] == *= ]] && suffix=(-S '')\n"
        '        compadd -U -V unsorted "${suffix[@]}" -a completions',
    ).replace("_path_files -f", "[[ $PREFIX == -*=* ]] && compset -P '*='\n            _path_files -f")

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        words, incomplete = super().get_completion_args()
        self._before = option_before(incomplete)
        return words, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """A completion as the script reads it: its type, the whole word, and its help."""
        return super().format_completion(with_option(item, self._before))


class Fish(FishComplete):
    """Fish, too, wants the whole word back; it adds no space after a sign of its own accord."""

    source_template = FishComplete.source_template.replace(
        "__fish_complete_path $metadata[2];",
        "for path in (__fish_complete_path $metadata[2]);\n                echo $metadata[3]$path;\n            end;",
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        words, incomplete = super().get_completion_args()
        self._before = option_before(incomplete)
        return words, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """A completion as the script reads it: its type, and the whole word; for a file what stands before its path."""
        if item.type == "plain":
            return super().format_completion(with_option(item, self._before))
        return f"{super().format_completion(item)},{self._before}"


def option_before(word: str) -> str:
    """`--option=` of a word that begins with it; else nothing."""
    option, sign, _ = word.partition("=")
    return option + sign if sign and option.startswith("-") else ""


def with_option(item: CompletionItem[Any], option: str) -> CompletionItem[Any]:
    """The completion of a value as that of the whole word, with the option before it."""
    return CompletionItem(f"{option}{item.value}", item.type, item.help) if item.type == "plain" else item


for each in (Bash, Zsh, Fish):
    add_completion_class(each)
