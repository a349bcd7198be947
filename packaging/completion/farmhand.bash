# bash completion for farmhand, written by 'farmhand completion bash'.
_farmhand() {
  local cur=${COMP_WORDS[COMP_CWORD]} at= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
      " status"|" health"|" health history"|" health explain"|" devices"|" device"|" device cordon"|" device uncordon"|" device drain"|" device quiesce"|" device resume"|" device forget"|" metrics"|" plugins"|" queue"|" enroll"|" event"|" event add"|" config"|" config check"|" config show"|" keys"|" keys new"|" fleet"|" fleet nodes"|" fleet devices"|" fleet metrics"|" fleet capacity"|" fleet health"|" fleet health history"|" fleet refresh"|" completion")
        at="$at ${COMP_WORDS[i]}" ;;
    esac
  done
  case ${COMP_WORDS[COMP_CWORD-1]} in
    --ca|--conf-d|--key|--runtime-dir|--token-file)
      compopt -o filenames
      COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --device|--node|--partition|--reason|--severity|--since|--token|--url) return ;;
  esac
  case $at in
    "") words="status health devices device metrics plugins queue enroll event config keys fleet completion --help --version --runtime-dir --json --no-color" ;;
    " status") words="--help --runtime-dir --json --no-color" ;;
    " health") words="history explain --help --all --runtime-dir --json --no-color" ;;
    " health history") words="--help --device --since --all --runtime-dir --json --no-color" ;;
    " health explain") words="--help --all --runtime-dir --json --no-color" ;;
    " devices") words="--help --runtime-dir --json --no-color" ;;
    " device") words="cordon uncordon drain quiesce resume forget --help --runtime-dir --json --no-color" ;;
    " device cordon") words="--help --reason --runtime-dir --json --no-color" ;;
    " device uncordon") words="--help --runtime-dir --json --no-color" ;;
    " device drain") words="--help --reason --runtime-dir --json --no-color" ;;
    " device quiesce") words="--help --reason --runtime-dir --json --no-color" ;;
    " device resume") words="--help --runtime-dir --json --no-color" ;;
    " device forget") words="--help --runtime-dir --json --no-color" ;;
    " metrics") words="--help --device --history --runtime-dir --json --no-color" ;;
    " plugins") words="--help --runtime-dir --json --no-color" ;;
    " queue") words="--help --runtime-dir --json --no-color" ;;
    " enroll") words="--help --url --token-file --token --ca --runtime-dir --json --no-color" ;;
    " event") words="add --help --runtime-dir --json --no-color" ;;
    " event add") words="--help --severity --reason --device --runtime-dir --json --no-color" ;;
    " config") words="check show --help --runtime-dir --json --no-color" ;;
    " config check") words="--help --conf-d --runtime-dir --json --no-color" ;;
    " config show") words="--help --runtime-dir --json --no-color" ;;
    " keys") words="new --help --runtime-dir --json --no-color" ;;
    " keys new") words="--help --runtime-dir --json --no-color" ;;
    " fleet") words="nodes devices metrics capacity health refresh --help --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet nodes") words="--help --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet devices") words="--help --node --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet metrics") words="--help --node --device --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet capacity") words="--help --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet health") words="history --help --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet health history") words="--help --node --device --since --url --ca --token-file --runtime-dir --json --no-color" ;;
    " fleet refresh") words="--help --key --partition --url --ca --token-file --runtime-dir --json --no-color" ;;
    " completion") words="--help --runtime-dir --json --no-color" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _farmhand farmhand
