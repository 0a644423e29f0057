"""`fujita shell-completion`: scripts made from the table of commands; projects are asked of the sidecar at each Tab."""

from __future__ import annotations

from argparse import Namespace

from fujita.cli.arguments import COMMANDS, SHELLS, Command

BASH = """\
# eval "$(fujita shell-completion bash)"
_fujita() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words
  if [ "$COMP_CWORD" = 1 ]; then
    words="{commands}"
  elif [[ $word == -* ]]; then
    case ${{COMP_WORDS[1]}} in
{options}
    esac
  else
    case ${{COMP_WORDS[1]}}:$COMP_CWORD in
      run:3) words=$(fujita run "${{COMP_WORDS[2]}}" 2>/dev/null) ;;
{several}) words=$(fujita status --names 2>/dev/null) ;;
{single}) words=$(fujita status --names 2>/dev/null) ;;
      shell-completion:2) words="{shells}" ;;
      help:2) words="{commands}" ;;
      init:*) COMPREPLY=($(compgen -d -- "$word")); return ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _fujita fujita
"""

ZSH = """\
# eval "$(fujita shell-completion zsh)"
_fujita() {{
  local -a commands projects
  commands=(
{commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2]:$CURRENT in
    run:4) projects=(${{(f)"$(fujita run $words[3] 2>/dev/null)"}}); compadd -a projects ;;
{projects}) projects=(${{(f)"$(fujita status --names 2>/dev/null)"}}); compadd -a projects ;;
    shell-completion:3) compadd {shells} ;;
    help:3) _describe command commands ;;
    init:*) _files -/ ;;
  esac
}}
compdef _fujita fujita
"""

FISH = """\
# fujita shell-completion fish | source
complete -c fujita -f
{commands}
complete -c fujita -n '__fish_seen_subcommand_from {projects}' -a '(fujita status --names 2>/dev/null)'
complete -c fujita -n '__fish_seen_subcommand_from shell-completion' -a '{shells}'
complete -c fujita -n '__fish_seen_subcommand_from init' -a '(__fish_complete_directories)'
{options}
"""


def run(arguments: Namespace) -> int:
    print({"bash": bash, "zsh": zsh, "fish": fish}[arguments.shell](), end="")
    return 0


def bash() -> str:
    options = "\n".join(f'      {one.name}) words="{" ".join(flags(one))}" ;;' for one in COMMANDS)
    return BASH.format(
        commands=" ".join(one.name for one in COMMANDS),
        options=options,
        several="      " + " | ".join(f"{name}:*" for name in taking_projects("+*")),
        single="      " + " | ".join(f"{name}:2" for name in taking_projects("1?")),
        shells=" ".join(SHELLS),
    )


def zsh() -> str:
    projects = [f"{name}:*" for name in taking_projects("+*")] + [f"{name}:3" for name in taking_projects("1?")]
    return ZSH.format(
        commands="\n".join(f"    {quoted(f'{one.name}:{one.does}')}" for one in COMMANDS),
        projects="    " + "|".join(projects),
        shells=" ".join(SHELLS),
    )


def fish() -> str:
    named = [f"complete -c fujita -n __fish_use_subcommand -a {one.name} -d {quoted(one.does)}" for one in COMMANDS]
    options = [
        f"complete -c fujita -n '__fish_seen_subcommand_from {one.name}' -l {flag[2:]}"
        for one in COMMANDS
        for flag in flags(one)
        if flag.startswith("--")
    ]
    return FISH.format(
        commands="\n".join(named),
        projects=" ".join(taking_projects("+*1?")),
        shells=" ".join(SHELLS),
        options="\n".join(options),
    )


def flags(command: Command) -> list[str]:
    return [name for names, _ in command.arguments for name in names if name.startswith("-")]


def taking_projects(how_many: str) -> list[str]:
    """The commands that take a project: `1` exactly one, `?` at most one, `+` and `*` several, as in argparse."""
    return [
        command.name
        for command in COMMANDS
        for names, given in command.arguments
        if names[0] in ("project", "projects") and given.get("nargs", "1") in how_many
    ]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
