#!/bin/sh
# Makes the files of samples/formats/signed/ from the keys in keys/. Needs OpenSSL 3, Java 17 and Node 24.
set -eu
cd "$(dirname "$0")"
out=../../../samples/formats/signed
seal="-signer keys/utility.cert.pem -inkey keys/utility.key.pem -certfile keys/below.cert.pem"
# shellcheck disable=SC2086
sign() { openssl cms -sign -binary -nodetach -cades -md sha256 $seal -in "$out/table.csv" "$@"; }
sign -outform DER -out "$out/table.csv.p7m"
sign -outform DER -stream -out "$out/table-ber.csv.p7m"
sign -outform PEM -out "$out/table-pem.csv.p7m"
java SignXml.java ../../../samples/europe/roof-day.xml "$out/feed.xml" keys/utility keys/below \
  http://www.w3.org/TR/2001/REC-xml-c14n-20010315
node make-samples.ts
