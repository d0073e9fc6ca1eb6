# bash completion for dbomsbak
# Rendered by the program: tests/checks/documents_test.py --update
# shellcheck shell=bash disable=SC2034,SC2207,SC2209

_dbomsbak_commands='dump verify info cat check restore undo purge status diff snapshot list prune upgrade help'
_dbomsbak_of_two_words='upgrade ha-config|upgrade connectors'

# The command line up to the cursor, whose place is told in bytes.
_dbomsbak_line() {
  local LC_ALL=C
  line=${COMP_LINE:0:COMP_POINT}
}

# What there is to know of the command: its options, its operands, and what the option $1 wants: a
# text, file, folder, word or words of `choices`, and whether that may be the next word.
_dbomsbak_look_up() {
  wanted='' separate='' choices='' options='' operands=text arguments=''
  case $command in
    'dump')
      options='-o --output -r --result-file --format --overwrite --compress --encrypt-to --recipients-file --encrypt-passphrase --passphrase-file --sign-key --sign-password-file -A --all-databases -B --databases --tables --only --ignore-table -w --where --prune-heartbeat -d --no-data -t --no-create-info --triggers --skip-triggers -R --routines --skip-routines -E --events --skip-events --ddl --add-drop-database --s3-endpoint -j --jobs --max-memory --throttle --lock-wait --allow-partial --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=text
      case $1 in
        -o | --output | -r | --result-file | --recipients-file | --passphrase-file | --sign-key | --sign-password-file | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key | --log-error) wanted=file separate=yes ;;
        --format) wanted=word choices='sql archive' separate=yes ;;
        --overwrite | --encrypt-passphrase | -A | --all-databases | -B | --databases | --tables | --prune-heartbeat | -d | --no-data | -t | --no-create-info | --triggers | --skip-triggers | -R | --routines | --skip-routines | -E | --events | --skip-events | --add-drop-database | --allow-partial | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert | --single-transaction | --skip-single-transaction | -l | --lock-tables | --skip-lock-tables | -x | --lock-all-tables | --quick | --skip-quick | --opt | --hex-blob | --skip-hex-blob | --gtid | -y | --no-tablespaces | -i | --comments | --skip-comments | --dump-date | --skip-dump-date | -e | --extended-insert | --skip-extended-insert | -c | --complete-insert | --skip-complete-insert | -a | --create-options | --skip-create-options | --add-drop-table | --add-drop-trigger | --add-locks | --skip-add-locks | -K | --disable-keys | --skip-disable-keys | --no-autocommit | --skip-no-autocommit | --order-by-primary | -Q | --quote-names | --skip-quote-names | --allow-keywords | --tz-utc | --skip-tz-utc | --set-charset | --skip-set-charset | -C | --network-timeout | --skip-network-timeout | -Y | --all-tablespaces | -H | --dump-history | --order-by-size | --no-data-med | --skip-no-data-med | --log-queries | --skip-log-queries | -X | --xml | --apply-slave-statements | --apply-replica-statements | --include-master-host-port | --include-source-host-port | --delete-master-logs | --delete-source-logs | -F | --flush-logs | --flush-privileges | -f | --force | --skip-add-drop-table | --compact | --skip-opt | -n | --no-create-db | --insert-ignore | --replace | -N | --no-set-names | --delayed-insert) wanted=nothing ;;
        --compress | -p | --password | --set-gtid-purged | --column-statistics | --skip-column-statistics | --master-data | --source-data | --dump-slave | --dump-replica | --system) wanted=text ;;
        --encrypt-to | --only | --ignore-table | -w | --where | --s3-endpoint | -j | --jobs | --max-memory | --throttle | --lock-wait | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout | --max-allowed-packet | --net-buffer-length | --default-character-set | --max-statement-time | --compatible | --ignore-database | --ignore-table-data | --as-of | --fields-enclosed-by | --fields-optionally-enclosed-by | --fields-escaped-by | --fields-terminated-by | --lines-terminated-by) wanted=text separate=yes ;;
        --ddl) wanted=word choices='native portable' separate=yes ;;
        --progress) wanted=word choices='json bar none' ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
        -T | --tab) wanted=folder separate=yes ;;
      esac
      ;;
    'verify')
      options='--s3-endpoint --identity --passphrase-file --verify-key --deep --throwaway --expect --oms-config -j --jobs --max-memory --json --progress -q --quiet -v --verbose -? --help'
      operands=file
      case $1 in
        --s3-endpoint | --expect | -j | --jobs | --max-memory) wanted=text separate=yes ;;
        --identity | --passphrase-file | --verify-key | --oms-config) wanted=file separate=yes ;;
        --deep | --json | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
        --throwaway) wanted=file ;;
        --progress) wanted=word choices='json bar none' ;;
      esac
      ;;
    'info')
      options='--s3-endpoint --identity --passphrase-file --json --html -q --quiet -v --verbose -? --help'
      operands=file
      case $1 in
        --s3-endpoint) wanted=text separate=yes ;;
        --identity | --passphrase-file) wanted=file separate=yes ;;
        --json | --html | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
      esac
      ;;
    'cat')
      options='--only --schema --data --s3-endpoint --identity --passphrase-file --json -q --quiet -v --verbose -? --help'
      operands=file
      case $1 in
        --only | --s3-endpoint) wanted=text separate=yes ;;
        --schema | --data | --json | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
        --identity | --passphrase-file) wanted=file separate=yes ;;
      esac
      ;;
    'check')
      options='--restore --into --s3-endpoint --identity --passphrase-file --allow-partial --allow-filtered --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      [[ " ${words[*]} " != *' --restore '* ]] || operands=file
      case $1 in
        --restore | --allow-partial | --allow-filtered | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --into | --s3-endpoint | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --identity | --passphrase-file | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        --progress) wanted=word choices='json bar none' ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'restore')
      options='--only --as --keep-extra --repoint-foreign-keys --into --s3-endpoint --identity --passphrase-file --verify-key --require-signature --dry-run --rehearse --prepare --swap --abort --in-place --safety-dump --skip-binlog --confirm -y --yes -j --jobs --max-memory --lock-wait --allow-partial --allow-filtered -f --force --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=file
      case $1 in
        --only | --as | --into | --s3-endpoint | -j | --jobs | --max-memory | --lock-wait | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --keep-extra | --repoint-foreign-keys | --require-signature | --dry-run | --rehearse | --prepare | --swap | --abort | --in-place | --skip-binlog | -y | --yes | --allow-partial | --allow-filtered | -f | --force | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --identity | --passphrase-file | --verify-key | --safety-dump | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        --confirm) wanted=word choices='ha-off' separate=yes ;;
        --progress) wanted=word choices='json bar none' ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'undo')
      options='--repoint-foreign-keys --dry-run -y --yes --lock-wait -f --force --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=text
      case $1 in
        --repoint-foreign-keys | --dry-run | -y | --yes | -f | --force | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --lock-wait | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --progress) wanted=word choices='json bar none' ;;
        --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'purge')
      options='--generation --dry-run -y --yes --lock-wait -f --force --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=text
      case $1 in
        --generation | --lock-wait | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --dry-run | -y | --yes | -f | --force | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --progress) wanted=word choices='json bar none' ;;
        --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'status')
      options='--json -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=nothing
      case $1 in
        --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'diff')
      options='--only --rows --into --s3-endpoint --identity --passphrase-file -j --jobs --lock-wait --json --html --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=file
      case $1 in
        --only | --into | --s3-endpoint | -j | --jobs | --lock-wait | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --rows | -p | --password) wanted=text ;;
        --identity | --passphrase-file | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        --json | --html | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --progress) wanted=word choices='json bar none' ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'snapshot')
      options='--dir --label --compress --encrypt-to --recipients-file --encrypt-passphrase --passphrase-file --sign-key --sign-password-file -A --all-databases -B --databases --tables --only --ignore-table -w --where --prune-heartbeat -d --no-data -t --no-create-info --triggers --skip-triggers -R --routines --skip-routines -E --events --skip-events --ddl --add-drop-database --s3-endpoint --keep --keep-days --keep-daily --keep-weekly --keep-monthly --pin --deep --throwaway --space-check --skip-space-check -j --jobs --max-memory --throttle --lock-wait --allow-partial --metrics --hook-ok --hook-fail --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=text
      case $1 in
        --dir) wanted=folder separate=yes ;;
        --label | --encrypt-to | --only | --ignore-table | -w | --where | --s3-endpoint | --keep | --keep-days | --keep-daily | --keep-weekly | --keep-monthly | --pin | --deep | -j | --jobs | --max-memory | --throttle | --lock-wait | --hook-ok | --hook-fail | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --compress | -p | --password) wanted=text ;;
        --recipients-file | --passphrase-file | --sign-key | --sign-password-file | --metrics | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        --encrypt-passphrase | -A | --all-databases | -B | --databases | --tables | --prune-heartbeat | -d | --no-data | -t | --no-create-info | --triggers | --skip-triggers | -R | --routines | --skip-routines | -E | --events | --skip-events | --add-drop-database | --space-check | --skip-space-check | --allow-partial | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --ddl) wanted=word choices='native portable' separate=yes ;;
        --throwaway) wanted=file ;;
        --progress) wanted=word choices='json bar none' ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'list')
      options='--label --s3-endpoint --identity --passphrase-file --check-age --json --html -q --quiet -v --verbose -? --help'
      operands=folder
      case $1 in
        --label | --s3-endpoint | --check-age) wanted=text separate=yes ;;
        --identity | --passphrase-file) wanted=file separate=yes ;;
        --json | --html | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
      esac
      ;;
    'prune')
      options='--dir --label --s3-endpoint --identity --passphrase-file --keep --keep-days --keep-daily --keep-weekly --keep-monthly --dry-run --json -q --quiet -v --verbose -? --help'
      operands=folder
      case $1 in
        --dir) wanted=folder separate=yes ;;
        --label | --s3-endpoint | --keep | --keep-days | --keep-daily | --keep-weekly | --keep-monthly) wanted=text separate=yes ;;
        --identity | --passphrase-file) wanted=file separate=yes ;;
        --dry-run | --json | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
      esac
      ;;
    'upgrade')
      options='--state --container --new-container --image --from --to --host-ip --node-role -y --yes -f --force --docker --confirm --allow-path --no-rehearse --rollback-on-failure --without-old --console-port --health-timeout --stop-timeout --json --progress -q --quiet -v --verbose -? --help --oms-config -h --host -P --port -u --user -p --password --password-file -S --socket --protocol --defaults-file --defaults-extra-file --defaults-group-suffix --no-defaults --ssl-mode --ssl --skip-ssl --ssl-verify-server-cert --ssl-ca --ssl-cert --ssl-key --connect-timeout'
      operands=word arguments='plan check backup start finish rollback status report ha-config connectors'
      case $1 in
        --state) wanted=folder separate=yes ;;
        --container | --new-container | --image | --from | --to | --host-ip | --console-port | --health-timeout | --stop-timeout | -h | --host | -P | --port | -u | --user | --defaults-group-suffix | --connect-timeout) wanted=text separate=yes ;;
        --node-role) wanted=word choices='database other' separate=yes ;;
        -y | --yes | -f | --force | --allow-path | --no-rehearse | --rollback-on-failure | --without-old | --json | -q | --quiet | -v | --verbose | -\? | --help | --no-defaults | --ssl | --skip-ssl | --ssl-verify-server-cert) wanted=nothing ;;
        --docker | --oms-config | --password-file | -S | --socket | --defaults-file | --defaults-extra-file | --ssl-ca | --ssl-cert | --ssl-key) wanted=file separate=yes ;;
        --confirm) wanted=words choices='lag switchover connectors clocks ha-off databases-backed-up ha-on browser-cache ha-off-rollback databases-restored' separate=yes ;;
        --progress) wanted=word choices='json bar none' ;;
        -p | --password) wanted=text ;;
        --protocol) wanted=word choices='tcp socket' separate=yes ;;
        --ssl-mode) wanted=word choices='DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' separate=yes ;;
      esac
      ;;
    'upgrade ha-config')
      options='--enable --disable --refetch --json -q --quiet -v --verbose -? --help'
      operands=file
      case $1 in
        --enable | --disable | --json | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
        --refetch) wanted=text separate=yes ;;
      esac
      ;;
    'upgrade connectors')
      options='--json -q --quiet -v --verbose -? --help'
      operands=file
      case $1 in
        --json | -q | --quiet | -v | --verbose | -\? | --help) wanted=nothing ;;
      esac
      ;;
    'help')
      options='--json -? --help --markdown --man --man-page --completion'
      operands=word arguments='exit-codes options json topics dump verify info cat check restore undo purge status diff snapshot list prune upgrade help'
      case $1 in
        --json | -\? | --help | --markdown | --man | --man-page) wanted=nothing ;;
        --completion) wanted=word choices='bash zsh fish' separate=yes ;;
      esac
      ;;
  esac
}

# Completes the value $2 as `wanted` says; $1 stands before it in the word.
_dbomsbak_value() {
  local before=$1 value=$2 listed
  [[ $COMP_WORDBREAKS != *=* ]] || before='' # bash leaves it as it is
  case $wanted in
    file | folder)
      if [[ $before ]]; then
        local kind=-f IFS=$'\n'
        [[ $wanted == file ]] || kind=-d
        compopt -o filenames
        COMPREPLY=($(compgen "$kind" -P "$before" -- "$value"))
        if ((${#COMPREPLY[@]} == 1)) && [[ -d ${COMPREPLY[0]#"$before"} ]]; then
          COMPREPLY[0]+=/
          compopt -o nospace
        fi
      elif [[ $wanted == file ]]; then
        compopt -o default # readline knows best: quotes, tildes, variables
      else
        compopt -o dirnames
      fi
      ;;
    words)
      listed=${value%"${value##*,}"}
      compopt -o nospace
      COMPREPLY=($(compgen -W "$choices" -P "$before$listed" -- "${value##*,}"))
      ;;
    word) COMPREPLY=($(compgen -W "$choices" -P "$before" -- "$value")) ;;
    nothing) COMPREPLY=($(compgen -W 'true false' -P "$before" -- "$value")) ;;
  esac
}

_dbomsbak() {
  COMPREPLY=()
  local line word words=() i
  # Words as the program gets them: bash splits at "=" and ":", too.
  _dbomsbak_line
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
      line=${line#"${line%%[![:space:]]*}"}
      words+=('')
    fi
    ((i < COMP_CWORD)) || word=$line
    words[${#words[@]} - 1]+=$word
    line=${line#"$word"}
  done
  local last=$((${#words[@]} - 1))
  local cur=${words[last]}
  if ((last < 2)); then
    COMPREPLY=($(compgen -W "$_dbomsbak_commands --help --version" -- "$cur"))
    return
  fi

  local command=${words[1]} first=2
  if ((last > 2)) && [[ "|$_dbomsbak_of_two_words|" == *"|$command ${words[2]}|"* ]]; then
    command+=" ${words[2]}"
    first=3
  fi
  local wanted separate choices options operands arguments ended='' given=0
  for ((i = first; i < last; ++i)); do
    word=${words[i]}
    if [[ $word == -- && -z $ended ]]; then
      ended=yes
    elif [[ $ended || $word != -* ]]; then
      ((++given))
    else
      _dbomsbak_look_up "$word"
      if [[ $separate ]] && ((++i == last)); then
        _dbomsbak_value '' "$cur"
        return
      fi
    fi
  done
  _dbomsbak_look_up "${cur%%=*}"
  if [[ -z $ended && $cur == --*=* ]]; then
    _dbomsbak_value "${cur%%=*}=" "${cur#*=}"
  elif [[ -z $ended && $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  else
    wanted=$operands choices=$arguments
    [[ $wanted == word ]] && ((given > 0)) && return
    _dbomsbak_value '' "$cur"
  fi
}

complete -F _dbomsbak dbomsbak
