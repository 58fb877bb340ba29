#!/usr/bin/env bash
# The card from end to end over PC/SC: pcscd, vpcd and an emulated card that shares no code with Techo;
# judged by Techo itself, by OpenSC (pkcs11-tool) and by the crate myna-card. Needs root and
# TECHO_PCSC_TEST=1: it installs packages and starts a pcscd of its own in a private network namespace.
set -euo pipefail
if [ "${TECHO_PCSC_TEST:-}" != 1 ] || [ "$(id -u)" != 0 ]; then
    echo "needs root and TECHO_PCSC_TEST=1 (it installs packages and starts pcscd); nothing was done" >&2
    exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if pgrep -x pcscd >/dev/null; then
    echo "a pcscd is already running: stop it first, this test uses the socket under /run/pcscd" >&2
    exit 1
fi

echo "== packages"
missing=()
for package in pcscd vsmartcard-vpcd opensc opensc-pkcs11 libpcsclite-dev libssl-dev pkg-config openssl iproute2 python3-cryptography; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -q && apt-get install -yq --no-install-recommends "${missing[@]}"
fi
# Debian's own Python has the package; another in front of it may not.
python=python3
"$python" -c 'import cryptography' 2>/dev/null || python=/usr/bin/python3

echo "== build"
(cd "$root" && cargo build -q -p techo --features card)
(cd "$here/oracle" && CARGO_TARGET_DIR="$root/target/card-oracle" cargo build -q --locked)
export PATH="$root/target/debug:$root/target/card-oracle/debug:$PATH"

work=$(mktemp -d)
cd "$work"
card_pid='' reader_pid=''
stop() {
    [ -z "$card_pid" ] || kill "$card_pid" 2>/dev/null || true
    [ -z "$reader_pid" ] || kill "$reader_pid" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap 'stop; rm -rf "$work"' EXIT
failed=0 passed=0
ok() { passed=$((passed + 1)); echo "PASS $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $1"; }
check() { local what=$1; shift; if "$@" >out 2>err; then ok "$what"; else bad "$what"; sed 's/^/     /' out err; fi; }
# The command must fail with this code.
refused() {
    local what=$1 code=$2; shift 2
    if "$@" >out 2>err; then bad "$what (it succeeded)"; return; fi
    if grep -q "\"code\":\"$code\"" err; then ok "$what"; else bad "$what"; sed 's/^/     /' out err; fi
}

echo "== papers"
export TECHO_STATE=$work/state TECHO_PASSPHRASE_FILE=$work/secret LANG=C.UTF-8
echo '長い 合言葉 を ひとつ' >secret
echo '金庫 の 中 の 別の 合言葉' >root-secret
echo TEST1234 >right
echo WRONG123 >wrong
techo city init --name 見本市 --code 999993 --simulated-pki --root-passphrase-file root-secret >/dev/null 2>&1
address=見本県見本市架空町１丁目２番３号
techo city card --name '見本　はな子' --born 1990-04-12 --gender 2 --address "$address" --out mother.card >/dev/null 2>&1
# OpenSC asks the card for certificates of authorities; any will do.
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj '/CN=TEST' -outform DER -out ca.der 2>/dev/null

echo "== reader"
mkdir -p readers /run/pcscd
cat >readers/vpcd <<'CONF'
FRIENDLYNAME "TECHO TEST READER"
DEVICENAME   /dev/null:0x8C7B
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x8C7B
CONF
# vpcd listens on every address: in a namespace of its own nobody outside reaches it.
unshare --net -- sh -c 'ip link set lo up && exec pcscd -f -e -c "$PWD/readers"' >pcscd.log 2>&1 &
reader_pid=$!
inside() { nsenter -t "$reader_pid" -n -- "$@"; }
await() { for _ in $(seq 100); do if "$@" >/dev/null 2>&1; then return 0; fi; sleep 0.1; done; echo "waited in vain for: $*" >&2; return 1; }
listening() { inside ss -ltn | grep -q ':35963'; }
await listening
there() { techo --json card status | grep -q '"card":true'; }
gone() { techo --json card status >seen && ! grep -q '"card":true' seen; }
insert() {
    nsenter -t "$reader_pid" -n -- "$python" "$here/jpki_card.py" mother.card --sign-ca ca.der --state counters.json --trace trace "$@" >>card.log 2>&1 &
    card_pid=$!
    await there
}
pull() { kill "$card_pid"; wait "$card_pid" 2>/dev/null || true; card_pid=''; await gone; }
tries() { techo --json card status | grep -q "\"password_tries\":$1"; }

echo "== what is told without a card and without a password"
refused "an empty reader is named" card-no-card techo --json card certificate --card-password-file right
refused "a reader that is not there is named" card-no-reader techo --json card certificate --reader Nowhere --card-password-file right
insert
check "five tries, and the status spends none" tries 5
check "the status spends none, again" tries 5

echo "== Techo, OpenSC and myna-card agree"
printf 'one message for three programs %s' "$(openssl rand -hex 16)" >message
check "Techo and myna-card: certificates, counters, signature" techo-card-oracle "TECHO TEST" TEST1234 message oracle
module=$(find /usr/lib -name opensc-pkcs11.so | head -n1)
signing_slot() { pkcs11-tool --module "$module" -L | grep -n 'Digital Signature' >/dev/null; }
check "OpenSC knows the card as JPKI" signing_slot
check "pkcs11-tool signs" pkcs11-tool --module "$module" --token-label 'JPKI (Digital Signature PIN)' --login --pin TEST1234 \
    --sign --id 02 -m SHA256-RSA-PKCS -i message -o opensc.signature
check "the same signature" cmp opensc.signature oracle.signature
check "pkcs11-tool reads the certificate" pkcs11-tool --module "$module" --token-label 'JPKI (Digital Signature PIN)' --login --pin TEST1234 \
    --read-object --type cert --id 02 -o opensc.der
check "the same certificate" cmp opensc.der oracle.der
openssl x509 -inform DER -in oracle.der -pubkey -noout >key.pem
check "openssl verifies the signature" openssl dgst -sha256 -verify key.pem -signature oracle.signature message
name() { techo --json card certificate --card-password-file right | grep -q '見本　はな子'; }
check "the holder sees what the city would see" name

echo "== an enrolment from end to end"
techo relay run --dir relay --listen 127.0.0.1:0 >relay.address 2>relay.log &
relay_pid=$!
await test -s relay.address
techo --vault mother init --device phone --relay "$(head -n1 relay.address)" >/dev/null
techo --vault mother member add '見本　はな子' --born 1990-04-12 --sex female >/dev/null
techo city nonce --out nonce >/dev/null
enrol() {
    techo --json --vault mother enrol --issuer city/issuer.techo-issuer --nonce nonce --card \
        --card-password-file "$1" --agree --out mother.enrolment
}
refused "a wrong password is named" card-password-wrong enrol wrong
check "it cost one try" tries 4
check "enrolled with the card on the reader" enrol right
check "the right password restores the tries" tries 5
cat >register.csv <<CSV
宛名番号,氏名,生年月日,性別,住所,保護者宛名番号
1000001,見本　はな子,平成2年4月12日,女,$address,
CSV
check "the city binds the resident" techo --json city enrol mother.enrolment --register register.csv --no-deliver
kill "$relay_pid"; wait "$relay_pid" 2>/dev/null || true

echo "== cards that do not serve"
for left in 4 3 2 1; do refused "wrong password: $left left" card-password-wrong techo --json card certificate --card-password-file wrong; done
refused "the last try is kept" card-last-try techo --json card certificate --card-password-file right
check "it was not spent" tries 1
refused "the last try, spent knowingly" card-blocked techo --json card certificate --card-password-file wrong --last-try
pull; insert
refused "blocked also after the card was taken out" card-blocked techo --json card certificate --card-password-file right --last-try
pull
rm -f counters.json
insert --child
refused "a child's card" card-no-signature-certificate techo --json card certificate --card-password-file right
pull
insert --token JPKIAPGPSETOKEN
refused "a phone" card-unsupported techo --json card certificate --card-password-file right
pull
insert --other
refused "some other card" card-not-jpki techo --json card certificate --card-password-file right
pull
refused "no card any more" card-no-card techo --json card certificate --card-password-file right
insert
# Another program that holds the card: the oracle can wait with it in hand.
mkfifo hold
techo-card-oracle --hold "TECHO TEST" <hold >held &
holder=$!
exec 9>hold
await test -s held
refused "a card that another program holds" card-in-use techo --json card certificate --card-password-file right
# Pulled while in use: whoever holds it goes on only after the card has gone.
pull
echo >&9
exec 9>&-
wait "$holder" || true
check "a card pulled in the middle is named as removed" grep -q '^the card was removed$' held
kill "$reader_pid"; wait "$reader_pid" 2>/dev/null || true; reader_pid=''
refused "without the card service" card-no-service techo --json card status

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
