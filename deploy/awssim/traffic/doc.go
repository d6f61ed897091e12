// Package traffic is the public of the simulated service: clients that send
// requests at a steady rate over kept-alive connections and count what comes
// back. The demo and the tests learn from it whether a rollout was felt.
//
// It must never be kinder than a browser: any error and any status but 200 is a
// failure, and no request is sent a second time. Nor must it count its own end
// as a failure.
package traffic
