// Package lb is a load balancer that really carries HTTP/1.1 requests, as an
// AWS Application Load Balancer does: round robin, sticky sessions, kept-alive
// connections to the targets, draining that lets requests in flight finish, and
// a cut for those that outlast it.
//
// It knows nothing of target groups, health checks or delays: whoever drives it
// hands it the whole list of targets at each change. It must never retry a
// request on its own, hide a failure of a target, or import anything of the
// product: the demo and the tests count failed requests through it, so a kinder
// balancer than AWS's would prove nothing.
//
// The behaviour follows the guide "Application Load Balancers" of Elastic Load
// Balancing, above all its pages "Troubleshoot your Application Load Balancers"
// (which status stands for what), "HTTP headers and Application Load Balancers"
// and "Edit target group attributes" (deregistration delay).
package lb
