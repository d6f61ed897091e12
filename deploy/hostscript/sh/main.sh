# guard VERB FOLDER [...]: FOLDER is the job's own, and has what was laid there by the head.
op=$1 dir=$2
shift 2
run=${dir##*/} home=${dir%/run/*}
. "$dir/job"
boot=$(boot_id)
if [ -z "$boot" ]; then
	# Without it a living process would look like one of before a restart.
	case $op in child | supervise | announce) exit 125 ;; esac
	why='the guard cannot read which boot of the host this is'
	say refused -1
	m_run='' drop
	exit 0
fi
case $op in
supervise) supervise ;;
child) child "$@" ;;
announce) announce "$@" ;;
*)
	"$op"
	[ -z "$dir" ] || drop
	;;
esac
exit 0
