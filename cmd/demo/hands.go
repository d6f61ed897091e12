package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"junban/deploy/awssim"
	"junban/deploy/awssim/instance"
)

// brokenFile is where verify.sh reads which release it finds broken; nextRelease stands for whichever comes first.
const (
	brokenFile  = "broken"
	nextRelease = "next"
)

var errHurrying = errors.New("that is under way already")

// breakNext makes the next release fail its verification on the second instance that a rollout will take.
func (s *fleet) breakNext() error {
	serving := s.serving()
	if len(serving) < 2 {
		return errors.New("there is no second instance in service")
	}
	file := filepath.Join(serving[1].Dir(), brokenFile)
	if err := os.WriteFile(file+".new", []byte(nextRelease+"\n"), 0o600); err != nil {
		return fmt.Errorf("breaking the next release: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("breaking the next release: %w", err)
	}
	return nil
}

// breaksNext reports whether the next release will be found broken.
func (s *fleet) breaksNext() bool {
	return slices.ContainsFunc(s.instances, func(i *instance.Instance) bool {
		text, err := os.ReadFile(filepath.Join(i.Dir(), brokenFile))
		return err == nil && strings.TrimSpace(string(text)) == nextRelease
	})
}

// serving lists the instances that the load balancer sends requests to, in the order in which the bot takes them.
func (s *fleet) serving() []*instance.Instance {
	var out []*instance.Instance
	for _, i := range s.instances {
		if len(s.world.InService(i.ID())) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// hurry asks the hurried hand to release everywhere without draining.
func (s *fleet) hurry() error {
	if !s.hurrying.CompareAndSwap(false, true) {
		return errHurrying
	}
	s.hurries <- struct{}{}
	return nil
}

// hurriedHand does what people do who do not know of draining: it runs the release script on one instance after the
// other while the load balancer sends requests there. It is not the bot's doing.
func (s *fleet) hurriedHand(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.hurries:
			s.releaseInService(ctx)
			s.hurrying.Store(false)
		}
	}
}

func (s *fleet) releaseInService(ctx context.Context) {
	ref := s.hurriedRef()
	for _, i := range s.instances {
		if ctx.Err() != nil || len(s.world.InService(i.ID())) == 0 {
			continue
		}
		machine, ok := s.world.Instance(i.ID())
		if !ok {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		// How it ends shows in the instance's version: a hurried hand reads no output either.
		awssim.Shell(limited, awssim.Exec{Instance: machine, Command: "by-hand", Script: "REF=" + ref + " ./release.sh"})
		cancel()
	}
}

var number = regexp.MustCompile(`^v([0-9]{1,9})`)

// hurriedRef is one above the highest release that is anywhere.
func (s *fleet) hurriedRef() string {
	highest := 0
	for _, i := range s.instances {
		if m := number.FindStringSubmatch(i.Version()); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return fmt.Sprintf("v%d-hurried", highest+1)
}
