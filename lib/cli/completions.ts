/**
 * Shell completion, made from the tables of commands and options.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { OPTION_LIST, type OptionKey, optionName, OPTIONS } from "./options.ts";

/** Shells that we write completion for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type ShellName = typeof SHELLS[number];

/**
 * A script that completes commands, their words and their options.
 *
 * @param shell For which shell.
 * @param commands The table.
 * @returns The script.
 */
export function completionScript(shell: ShellName, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const GLOBAL: readonly OptionKey[] = OPTION_LIST.filter(([, spec]) => !spec.special)
  .map(([key]) => key);

/** What may follow a command: second words of two-word commands, and choices. */
function followers(commands: readonly Command[], name: string): string[] {
  const below = commands.filter((each) => each.name.startsWith(`${name} `))
    .map((each) => each.name.slice(name.length + 1));
  const choices = commands.find((each) => each.name === name)?.choices ?? [];
  return [...below, ...choices];
}

/** First words of commands, each once. */
function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((each) => each.name.split(" ")[0] ?? ""))];
}

function flags(keys: readonly OptionKey[]): string[] {
  return keys.flatMap((key) => {
    const spec = OPTIONS[key];
    return spec.short ? [optionName(spec), `-${spec.short}`] : [optionName(spec)];
  });
}

/** Options of a first word: those of all commands that begin with it. */
function flagsOf(commands: readonly Command[], first: string): string[] {
  const own = commands.filter((each) => each.name.split(" ")[0] === first)
    .flatMap((each) => each.options);
  return flags([...new Set(own), ...GLOBAL]);
}

function valueFlags(): string[] {
  return flags(OPTION_LIST.filter(([, spec]) => spec.value !== undefined).map(([key]) => key));
}

function bash(commands: readonly Command[]): string {
  const cases = firstWords(commands).map((first) => {
    const words = followers(commands, first).join(" ");
    return `    ${first}) words="${words}"; flags="${flagsOf(commands, first).join(" ")}" ;;`;
  });
  return `# bash completion for udpchat: eval "$(udpchat completions bash)"
_udpchat() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} first="" words flags i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valueFlags().join("|")}) ((i++)); [[ \${COMP_WORDS[i]} != "=" ]] || ((i++)) ;;
      -*) ;;
      *) first=\${COMP_WORDS[i]}; break ;;
    esac
  done
  # "=" is a word of its own here.
  [[ $cur != "=" ]] || cur=""
  [[ $prev != "=" ]] || prev=\${COMP_WORDS[COMP_CWORD-2]}
  case $prev in
    --home) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    ${valueFlags().filter((flag) => flag !== "--home").join("|")}) COMPREPLY=(); return ;;
  esac
  case $first in
    "") words="${firstWords(commands).join(" ")}"; flags="${flags(GLOBAL).join(" ")}" ;;
${cases.join("\n")}
    *) words=""; flags="" ;;
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -F _udpchat udpchat
`;
}

function zsh(commands: readonly Command[]): string {
  const cases = firstWords(commands).map((first) => {
    const words = followers(commands, first).join(" ");
    return `    ${first}) words_=(${words}); flags_=(${flagsOf(commands, first).join(" ")}) ;;`;
  });
  const described = firstWords(commands).map((first) => {
    const summary = commands.find((each) => each.name === first)?.summary ?? "";
    return `    '${first}:${summary.replaceAll("'", "'\\''").replaceAll(":", "\\:")}'`;
  });
  return `#compdef udpchat
# zsh completion for udpchat: eval "$(udpchat completions zsh)"
_udpchat() {
  local -a words_ flags_ commands_
  local first="" i
  commands_=(
${described.join("\n")}
  )
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      ${valueFlags().join("|")}) ((i++)) ;;
      -*) ;;
      *) first=\${words[i]}; break ;;
    esac
  done
  case \${words[CURRENT-1]} in
    --home) _files -/; return ;;
    ${valueFlags().filter((flag) => flag !== "--home").join("|")}) return ;;
  esac
  case $first in
    "") flags_=(${flags(GLOBAL).join(" ")})
      if [[ $PREFIX != -* ]]; then _describe command commands_; return; fi ;;
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then compadd -- $flags_; else compadd -- $words_; fi
}
compdef _udpchat udpchat
`;
}

function fish(commands: readonly Command[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const line = (condition: string, rest: string) =>
    `complete -c udpchat -n ${quote(condition)} ${rest}`;
  const lines = ["# fish completion for udpchat: udpchat completions fish | source"];
  lines.push("complete -c udpchat -f");
  for (const first of firstWords(commands)) {
    const summary = commands.find((each) => each.name === first)?.summary ?? "";
    lines.push(line("__fish_use_subcommand", `-a ${first} -d ${quote(summary)}`));
    for (const word of followers(commands, first)) {
      lines.push(line(`__fish_seen_subcommand_from ${first}`, `-a ${word}`));
    }
  }
  for (const [key, spec] of OPTION_LIST) {
    const users = firstWords(commands)
      .filter((first) =>
        commands.some((each) => each.name.split(" ")[0] === first && each.options.includes(key))
      );
    const long = optionName(spec).startsWith("--") ? `-l ${optionName(spec).slice(2)}` : "";
    const short = spec.short ?? (long === "" ? spec.flag : undefined);
    const names = [long, short ? `-s ${short}` : "", spec.value ? "-r" : ""].filter(Boolean);
    const rest = `${names.join(" ")} -d ${quote(spec.help)}`;
    lines.push(
      spec.special
        ? line(`__fish_seen_subcommand_from ${users.join(" ")}`, rest)
        : `complete -c udpchat ${rest}`,
    );
  }
  return lines.join("\n") + "\n";
}
