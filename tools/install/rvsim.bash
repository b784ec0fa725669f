# Completion for rvsim, rvtrace, rvsim-ci and rvsim-sweep: options are what --help names, parameters what --set help lists.

_rvsim_files()
{
	COMPREPLY+=($(compgen -f -- "$cur"))
	compopt -o filenames 2>/dev/null
}

_rvsim_words()
{
	COMPREPLY+=($(compgen -W "$1" -- "$cur"))
}

_rvsim()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
	COMPREPLY=()
	[ "$cur" = = ] && cur= # readline takes it for a word
	[ "$previous" = = ] && previous=${COMP_WORDS[COMP_CWORD - 2]}
	case $previous in
	-cpu | --cpu) _rvsim_words "ideal cva6 rocket u74 rv64 max" ; _rvsim_files ;;
	-M | -machine) _rvsim_words "virt" ;;
	--timing | -timing) _rvsim_words "on off from=" ;;
	--check | -check) _rvsim_words "percpu worldswitch isolation all" ;;
	--set | -set)
		compopt -o nospace 2>/dev/null
		_rvsim_words "$($program --set help 2>/dev/null | sed -nE 's/^([a-z0-9_.]+) .*/\1=/p') help"
		;;
	-display) _rvsim_words "none" ;;
	-serial) _rvsim_words "stdio null pty file:" ;;
	--cycles) _rvsim_words "exact" ;;
	*)
		case $cur in
		--*) _rvsim_words "$($program --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+' | sort -u)" ;;
		-*) _rvsim_words "$($program --help 2>/dev/null | grep -oE -- '(^|[ (,])--?[A-Za-z][A-Za-z_-]*' | tr -d ' (,' | sort -u)" ;;
		*) _rvsim_files ;;
		esac
		;;
	esac
}

_rvtrace()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
	COMPREPLY=()
	[ "$cur" = = ] && cur=
	[ "$previous" = = ] && previous=${COMP_WORDS[COMP_CWORD - 2]}
	if [ "$COMP_CWORD" = 1 ]; then
		_rvsim_words "$($program --help 2>/dev/null | sed -nE 's/.*rvtrace ([a-z]+).*/\1/p')"
		return
	fi
	case $previous in
	--format) _rvsim_words "spike perfetto chrome kanata callgrind folded csv ctf vcd fst sqlite" ;;
	--ignore) _rvsim_words "cycle retired addresses interrupts" ;;
	--type) _rvsim_words "insn trap world csr tp tlb mem dev irq console default all" ;;
	*)
		case $cur in
		-*) _rvsim_words "$($program --help 2>/dev/null | grep "rvtrace ${COMP_WORDS[1]}" -A2 | grep -oE -- '--[a-z]+' | sort -u)" ;;
		*) _rvsim_files ;;
		esac
		;;
	esac
}

_rvsim_ci()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
	COMPREPLY=()
	case $cur in
	-*) _rvsim_words "$($program --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+' | sort -u)" ;;
	*) _rvsim_files ;;
	esac
}

_rvsim_sweep()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	[ "$cur" = = ] && cur=
	case $previous in
	--over)
		compopt -o nospace 2>/dev/null
		_rvsim_words "$(rvsim --set help 2>/dev/null | sed -nE 's/^([a-z0-9_.]+) .*/\1=/p') cpu= smp= m= isa= quantum= seed= timing="
		;;
	--plot) _rvsim_words "svg png none" ;;
	*) _rvsim_ci ;;
	esac
}

complete -F _rvsim rvsim
complete -F _rvtrace rvtrace
complete -F _rvsim_ci rvsim-ci
complete -F _rvsim_sweep rvsim-sweep
