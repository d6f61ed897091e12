package config

import (
	"fmt"
	"slices"
	"strings"
)

// UnknownServiceError is a request for a service that is not in the file.
type UnknownServiceError struct {
	Service string
	Known   []string // sorted
}

// Error names the services that there are.
func (e *UnknownServiceError) Error() string {
	return fmt.Sprintf("there is no service %s; %s", quote(e.Service), suggest(e.Service, e.Known))
}

// Named answers what was asked for, quoted, and the service that was
// probably meant, or "".
func (e *UnknownServiceError) Named() (quoted, meant string) {
	return quote(e.Service), near(e.Service, e.Known)
}

// UnknownEnvironmentError is a request for an environment that the service
// does not have.
type UnknownEnvironmentError struct {
	Service     string
	Environment string
	Known       []string // sorted; empty when the service has no environments
}

// Error names the environments that there are.
func (e *UnknownEnvironmentError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("%s has no environments, so it cannot go to %s; name the service alone", e.Service, quote(e.Environment))
	}
	return fmt.Sprintf("%s has no environment %s; %s", e.Service, quote(e.Environment), suggest(e.Environment, e.Known))
}

// Named answers what was asked for, quoted, and the environment that was
// probably meant, or "".
func (e *UnknownEnvironmentError) Named() (quoted, meant string) {
	return quote(e.Environment), near(e.Environment, e.Known)
}

// suggest lists what there is, the nearest first.
func suggest(word string, known []string) string {
	list := "known: " + strings.Join(known, ", ")
	if meant := near(word, known); meant != "" {
		return "did you mean " + meant + "? " + list
	}
	return list
}

// EnvironmentNeededError is a request that names no environment where there
// are several. None of them is ever a default.
type EnvironmentNeededError struct {
	Service string
	Known   []string // sorted, at least two
}

// Error asks for one of the environments.
func (e *EnvironmentNeededError) Error() string {
	return fmt.Sprintf("to which environment? %s has %s", e.Service, strings.Join(e.Known, ", "))
}

// Service answers the service of that name.
func (c *Config) Service(name string) (Service, bool) {
	for _, s := range c.Services {
		if s.Name == name {
			return s, true
		}
	}
	return Service{}, false
}

// Target answers the settings of a service in an environment. An empty
// environment means that none was named: it stands for the only one, or for
// none where there are none. The error is an [*UnknownServiceError],
// [*UnknownEnvironmentError] or [*EnvironmentNeededError]. The caller may
// change what it gets.
func (c *Config) Target(service, environment string) (Target, error) {
	s, ok := c.Service(service)
	if !ok {
		known := make([]string, len(c.Services))
		for i, s := range c.Services {
			known[i] = s.Name
		}
		return Target{}, &UnknownServiceError{Service: service, Known: known}
	}
	if environment == "" && len(s.Environments) == 1 {
		environment = s.Environments[0]
	}
	if t, ok := s.targets[environment]; ok {
		return t.clone(), nil
	}
	if environment == "" {
		return Target{}, &EnvironmentNeededError{Service: service, Known: slices.Clone(s.Environments)}
	}
	return Target{}, &UnknownEnvironmentError{Service: service, Environment: environment, Known: slices.Clone(s.Environments)}
}

// Targets answers the settings of every service in every environment, sorted
// by service and environment.
func (c *Config) Targets() []Target {
	var all []Target
	for _, s := range c.Services {
		environments := s.Environments
		if len(environments) == 0 {
			environments = []string{""}
		}
		for _, e := range environments {
			all = append(all, s.targets[e].clone())
		}
	}
	return all
}
