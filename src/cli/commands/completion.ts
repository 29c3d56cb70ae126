import { z } from 'zod';
import { command } from '../command.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../io.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_kubectl_sluice() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
    :0) compopt -o default ;;
    :*) ;;
    *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-sluice __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_sluice kubectl-sluice sluice
`,
  zsh: `#compdef kubectl-sluice sluice
_kubectl_sluice() {
  local -a candidates
  local line
  for line in "\${(@f)$(kubectl-sluice __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ $line == :0 ]] && _files
    [[ $line == :* ]] && continue
    line=\${line//:/\\\\:}
    candidates+=("\${line/$'\\t'/:}")
  done
  _describe sluice candidates
}
compdef _kubectl_sluice kubectl-sluice sluice
`,
  fish: `function __kubectl_sluice
  set -l typed (commandline -ct)
  for line in (kubectl-sluice __complete (commandline -opc)[2..-1] "$typed" 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path "$typed"
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c kubectl-sluice -f -a '(__kubectl_sluice)'
complete -c sluice -f -a '(__kubectl_sluice)'
`,
};

/** `kubectl sluice completion`. */
export const completion = command({
  usage: 'completion <shell>',
  summary: 'a script that completes commands, flags and names: bash, zsh or fish',
  details:
    'It is for the program by itself. For `kubectl sluice` kubectl asks kubectl_complete-sluice, which is installed beside it.',
  examples: [
    'source <(kubectl-sluice completion bash)',
    'source <(kubectl-sluice completion zsh)',
    'kubectl-sluice completion fish > ~/.config/fish/completions/kubectl-sluice.fish',
  ],
  schema: z.object({}),
  names: 'shell',
  run: async ({ io }, [shell = '']) => {
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) throw new CliError(`there is a script for ${Object.keys(SCRIPTS).join(', ')}`);
    io.out(script);
    return EXIT.Done;
  },
});
