# guard VERB FOLDER [...]: FOLDER is the job's own, and has what was laid there by the head.
op=$1 dir=$2
shift 2
run=${dir##*/} home=${dir%/run/*}
. "$dir/job"
boot=$(boot_id)
case $op in
supervise) supervise ;;
child) child "$@" ;;
*)
	"$op"
	[ -z "$dir" ] || drop
	;;
esac
exit 0
