package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
)

var errSlackAway = errors.New("Slack is away")

// hangs never answers.
type hangs struct{}

func (hangs) Person(ctx context.Context, _ string, _ []string) (deploy.Person, error) {
	<-ctx.Done()
	return deploy.Person{}, ctx.Err()
}

func TestWithoutSlackOnlyTheOperatorAtTheSocketIsKnown(t *testing.T) {
	asked := 0
	away := people{directory(func(string) (deploy.Person, error) {
		asked++
		return deploy.Person{}, errSlackAway
	})}
	groups := []string{"S0LEADS", alice}
	if _, err := away.Person(t.Context(), alice, groups); !errors.Is(err, errSlackAway) {
		t.Errorf("from Slack, Alice is known while Slack is away: %v", err)
	}
	c := &caller{id: alice}
	ctx := withCaller(t.Context(), c)
	if _, err := away.Person(ctx, "U00000BOB0", groups); !errors.Is(err, errSlackAway) {
		t.Errorf("Alice's order makes Bob known: %v", err)
	}
	asked = 0
	for range 3 {
		p, err := away.Person(ctx, alice, groups)
		if err != nil || p.ID != alice || p.Kind != deploy.Member || len(p.Groups) != 0 {
			t.Errorf("Alice is %+v, %v", p, err)
		}
	}
	if asked != 1 || !c.alone.Load() {
		t.Errorf("Slack was asked %d times during one order", asked)
	}
}

func TestWhileSlackAnswersItsWordCounts(t *testing.T) {
	gone := people{directory(func(id string) (deploy.Person, error) {
		return deploy.Person{ID: id, Kind: deploy.Deleted}, nil
	})}
	p, err := gone.Person(withCaller(t.Context(), &caller{id: alice}), alice, nil)
	if err != nil || p.Kind != deploy.Deleted {
		t.Errorf("somebody whom Slack calls deleted is %s, %v", p.Kind, err)
	}
}

func TestASlackThatHangsIsGivenUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p, err := people{hangs{}}.Person(withCaller(t.Context(), &caller{id: alice}), alice, nil)
		if took := time.Since(began); err != nil || p.Kind != deploy.Member || took != slackPatience {
			t.Errorf("after %s: %+v, %v", took, p, err)
		}
		ctx, cancel := context.WithCancel(withCaller(t.Context(), &caller{id: alice}))
		cancel()
		if _, err := (people{hangs{}}).Person(ctx, alice, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("an order that was given up makes Alice known: %v", err)
		}
	})
}
