# What a shell needs: pipelines, loops, functions, background processes, files, signals.
squares() {
	seq 1 "$1" | awk '{ print $1 * $1 % 1009 }' | sort -n | uniq -c | sort -k1nr -k2n
}

work=$(mktemp -d)
trap 'rm -rf "$work"; echo "the end"' EXIT
squares 2000 | sha256sum
squares 300 | head -n 3 | tr -s ' ' | cut -d' ' -f3
for i in 1 2 3 4; do
	perl -e 'my $s = 0; $s += $_ ** 0.5 for 1 .. 20000; printf "%.9f\n", $s' >"$work/$i" &
done
wait
sort -u "$work"/?
seq 1 50000 >"$work/numbers"
gzip -9n <"$work/numbers" >"$work/numbers.gz"
gunzip <"$work/numbers.gz" | cmp - "$work/numbers" && echo "packed and unpacked: $(wc -c <"$work/numbers") bytes"
tar -C "$work" -cf - numbers 1 2 | tar -tf - | sed 's/^/archive: /'
sleep 1000 &
kill $!
wait $! 2>/dev/null
echo "a killed process: $?"
find "$work" -type f | wc -l
