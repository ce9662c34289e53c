#!/bin/sh
# Makes the keys and certificates that tests and samples are signed with. Ran once; its results are in `keys/`, and
# running it again gives other keys, after which the samples must be made again (make-samples.ts).
# Needs OpenSSL 3. Nobody owns these names; the keys protect nothing.
set -eu
cd "$(dirname "$0")"
rm -rf keys && mkdir keys && cd keys
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
cat > "$state/ca.cnf" <<CNF
[ca]
default_ca = any
[any]
database = $state/index.txt
new_certs_dir = $state
rand_serial = yes
default_md = sha256
policy = names
unique_subject = no
[names]
countryName = optional
organizationName = optional
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[below]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
[stamper]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[demanding]
basicConstraints = CA:false
1.2.3.4.5.6 = critical, DER:0500
CNF
: > "$state/index.txt"

new_key() { # name, openssl genpkey arguments
  name=$1; shift
  openssl genpkey -quiet -out "$name.key.pem" "$@" 2>/dev/null || openssl genpkey -out "$name.key.pem" "$@" 2>/dev/null
}
rsa() { new_key "$1" -algorithm RSA -pkeyopt rsa_keygen_bits:"$2"; }
certify() { # name, common name, issuer, extensions, first day, last day, digest, option of the signature
  openssl req -new -key "$1.key.pem" -subj "/C=ZZ/O=Nordhafen Stadtwerke (sample)/CN=$2" -out "$state/$1.csr"
  if [ "$3" = self ]; then by="-selfsign -keyfile $1.key.pem"; else by="-cert $3.cert.pem -keyfile $3.key.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$state/ca.cnf" -md "${7:-sha256}" ${8:+-sigopt "$8"} $by -extensions "$4" -startdate "$5" -enddate "$6" \
    -in "$state/$1.csr" -out "$1.cert.pem" 2>/dev/null
}
always="20200101000000Z 20991231235959Z"

rsa root 2048;        certify root        "Sample Root"              self root      $always
rsa below 2048;       certify below       "Sample Billing Authority" root below     $always
rsa utility 2048;     certify utility     "Sample Billing Seal"      below signer   $always
rsa expired 2048;     certify expired     "Sample Seal of 2015"      root signer    20150101000000Z 20151231235959Z
rsa weak 1024;        certify weak        "Sample Seal of 1024 Bits" root signer    $always
rsa oldfashioned 2048; certify oldfashioned "Sample Seal by SHA-1"   root signer    $always sha1
rsa oldpss 2048;      certify oldpss      "Sample Seal by PSS and SHA-1" root signer $always sha1 rsa_padding_mode:pss
rsa server 2048;      certify server      "sample.invalid"           root server    $always
rsa demanding 2048;   certify demanding   "Sample Demanding Seal"    root demanding $always
rsa forged 2048;      certify forged      "Sample Seal by a Seal"    utility signer $always
rsa toodeep 2048;     certify toodeep     "Sample Authority Too Deep" below root    $always
rsa beneath 2048;     certify beneath     "Sample Seal Beneath It"   toodeep signer $always
rsa stranger 2048;    certify stranger    "Somebody Else"            self signer    $always
rsa stamper 2048;     certify stamper     "Sample Time Stamps"       root stamper   $always
new_key curve -algorithm EC -pkeyopt ec_paramgen_curve:P-256
certify curve "Sample Seal on P-256" root signer $always
new_key edwards -algorithm ED25519
certify edwards "Sample Seal on Ed25519" root signer $always

# Keys of mail domains have no certificates.
rsa mail 2048; rsa mail1024 1024; new_key mailed -algorithm ED25519
