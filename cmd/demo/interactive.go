package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
)

const welcome = `
Junban's demo: %[1]d instances behind a load balancer, a chat, and the bot. Nothing of it leaves this machine.

  The page     %[2]s
               You are Alice: type  /deploy web v42  in #deploys. Then be Bob, and press Approve.
  AWS          %[3]s
               AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo aws --endpoint-url %[3]s --region %[7]s \
                 elbv2 describe-target-health --target-group-arn %[8]s
  Slack's API  %[4]s/api/
  The service  %[5]s, behind the load balancer, with %[9]g requests a second
  The bot      its log is %[6]s

Ctrl-C ends all of it.
`

// interactive says where everything is, and lets people play until ctx is done.
func (d *demo) interactive(ctx context.Context) error {
	fmt.Fprintf(d.out, welcome, d.Instances, urlOf(d.doors.http), urlOf(d.doors.aws), urlOf(d.doors.slack),
		urlOf(d.doors.service), filepath.Join(d.dir, "bot", "bot.log"), region, d.fleet.arn(), rate)
	for _, l := range []net.Listener{d.doors.http, d.doors.aws, d.doors.slack} {
		if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
			fmt.Fprintf(d.out, "\n%s can be reached from other machines, and asks nobody who they are: through it commands run on this one.\n", l.Addr())
		}
	}
	<-ctx.Done()
	return nil
}
