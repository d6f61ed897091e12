package world

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attribute is one row of what ELB knows of a kind of resource.
type attribute struct {
	key, def string
	ok       func(string) bool // which values are accepted; nil: any
	accepts  string            // ok in words
}

// The attributes of an Application Load Balancer's target group, but for the
// deregistration delay, and of the load balancer itself, with AWS's defaults
// (guide "Application Load Balancers": Edit target group attributes, Edit
// attributes; API reference, TargetGroupAttribute and LoadBalancerAttribute).
var (
	groupAttributes = []attribute{
		{"load_balancing.algorithm.anomaly_mitigation", "off", among("on", "off"), "on or off"},
		{"load_balancing.algorithm.type", "round_robin", among("round_robin", "least_outstanding_requests", "weighted_random"), "round_robin, least_outstanding_requests or weighted_random"},
		{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", among("true", "false", "use_load_balancer_configuration"), "true, false or use_load_balancer_configuration"},
		{"slow_start.duration_seconds", "0", either("0", within(30, 900)), "0, or between 30 and 900"},
		{"stickiness.app_cookie.cookie_name", "", nil, ""},
		{"stickiness.app_cookie.duration_seconds", "86400", within(1, 604800), "between 1 and 604800"},
		{"stickiness.enabled", "false", among("true", "false"), "true or false"},
		{"stickiness.lb_cookie.duration_seconds", "86400", within(1, 604800), "between 1 and 604800"},
		{"stickiness.type", "lb_cookie", among("lb_cookie", "app_cookie"), "lb_cookie or app_cookie"},
		{"target_group_health.dns_failover.minimum_healthy_targets.count", "1", nil, ""},
		{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", nil, ""},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", nil, ""},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", nil, ""},
	}
	balancerAttributes = []attribute{
		{"access_logs.s3.bucket", "", nil, ""},
		{"access_logs.s3.enabled", "false", among("true", "false"), "true or false"},
		{"access_logs.s3.prefix", "", nil, ""},
		{"client_keep_alive.seconds", "3600", within(60, 604800), "between 60 and 604800"},
		{"deletion_protection.enabled", "false", among("true", "false"), "true or false"},
		{"idle_timeout.timeout_seconds", "60", within(1, 4000), "between 1 and 4000"},
		{"load_balancing.cross_zone.enabled", "true", among("true"), "true: it is always on for an Application Load Balancer"},
		{"routing.http2.enabled", "true", among("true", "false"), "true or false"},
		{"routing.http.drop_invalid_header_fields.enabled", "false", among("true", "false"), "true or false"},
		{"routing.http.preserve_host_header.enabled", "false", among("true", "false"), "true or false"},
		{"routing.http.xff_header_processing.mode", "append", among("append", "preserve", "remove"), "append, preserve or remove"},
	}
)

func among(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func within(least, most int) func(string) bool {
	return func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && n >= least && n <= most
	}
}

func either(v string, or func(string) bool) func(string) bool {
	return func(s string) bool { return s == v || or(s) }
}

// attributesOf is every attribute of the table, with own values over the defaults.
func attributesOf(table []attribute, own map[string]string) map[string]string {
	out := make(map[string]string, len(table))
	for _, a := range table {
		out[a.key] = a.def
	}
	maps.Copy(out, own)
	return out
}

// accept refuses what the table does not know; resource is how AWS calls it.
func accept(table []attribute, resource string, attrs map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		i := slices.IndexFunc(table, func(a attribute) bool { return a.key == k })
		if i < 0 {
			return failf("InvalidConfigurationRequest", "%s attribute key '%s' is not recognized", resource, k)
		}
		if a := table[i]; a.ok != nil && !a.ok(attrs[k]) {
			return failf("InvalidConfigurationRequest", "%s attribute '%s' value '%s' must be %s", resource, k, attrs[k], a.accepts)
		}
	}
	return nil
}

// SetAttributes changes attributes of a group as ModifyTargetGroupAttributes
// does, all of them or none. Targets that drain already keep the delay they
// began with. Errors: TargetGroupNotFound, ValidationError for the delay,
// InvalidConfigurationRequest for an unknown key or a value that is not accepted.
func (w *World) SetAttributes(group string, attrs map[string]string) error {
	now := w.enter()
	defer w.mu.Unlock()
	g, err := w.find(group)
	if err != nil {
		return err
	}
	attrs = maps.Clone(attrs)
	delay, given := attrs[delayKey]
	if delete(attrs, delayKey); given && !within(0, int(maxDelay/time.Second))(delay) {
		return failf("ValidationError", "Deregistration delay timeout value must be between 0 and 3600 seconds inclusive")
	}
	if err := accept(groupAttributes, "Target group", attrs); err != nil {
		return err
	}
	maps.Copy(g.Attributes, attrs)
	if given {
		n, _ := strconv.Atoi(delay) // checked above
		g.Delay = time.Duration(n) * time.Second
	}
	w.append(Entry{At: now, Kind: KindAttributes, Group: g.Name})
	w.broadcast()
	return nil
}

// SetBalancerAttributes changes attributes of a load balancer (ARN or name) as
// ModifyLoadBalancerAttributes does. Errors: LoadBalancerNotFound,
// InvalidConfigurationRequest.
func (w *World) SetBalancerAttributes(lb string, attrs map[string]string) error {
	w.enter()
	defer w.mu.Unlock()
	b, err := w.balancer(lb)
	if err != nil {
		return err
	}
	if err := accept(balancerAttributes, "Load balancer", attrs); err != nil {
		return err
	}
	maps.Copy(b.Attributes, attrs)
	w.broadcast()
	return nil
}

// Stickiness is how long the load balancer's own cookie binds a client to a
// target of the group; 0: it does not, or the application's cookie does.
func (g Group) Stickiness() time.Duration {
	if g.Attributes["stickiness.enabled"] != "true" || strings.HasPrefix(g.Attributes["stickiness.type"], "app") {
		return 0
	}
	n, err := strconv.Atoi(g.Attributes["stickiness.lb_cookie.duration_seconds"])
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
