// Package instance is a server of the simulated fleet: a small web application
// in its own folder, on its own port, with a release that a shell script puts
// there. It is a pet: its folder outlives the process, its address does not change.
//
// The script has nothing but sh and these files in the instance's folder:
//
//	REVISION    the release on disk; the application reads it when it starts
//	app.ctl     a named pipe: the line "stop" ends the application as kill -9
//	            would, the line "start" starts it
//	app.state   "running RELEASE" or "stopped", replaced after each change
//	release.sh  puts the release $REF here; verify.sh checks that it runs
//	broken      if it is there, it names a release that verify.sh finds broken;
//	            "next" becomes the one that verify.sh sees first
//	unhealthy   if it is there, /health answers 503
//
// The package must never know of load balancers, of AWS or of the product: what
// it stands for does not either. Linux and macOS.
package instance
