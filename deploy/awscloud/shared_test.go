package awscloud

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestNobodyJoinsAReadingThatIsBeingCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		calls := 0
		s := &shared[int]{read: func(ctx context.Context, began func(time.Time)) (int, time.Time, error) {
			calls++
			at := time.Now()
			began(at)
			if calls == 1 { // slow to notice that it was cancelled
				<-ctx.Done()
				<-end
				return 0, at, ctx.Err()
			}
			return calls, at, nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := s.ask(ctx, time.Now())
			left <- err
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		got, err := s.ask(t.Context(), time.Now())
		if err != nil || got != 2 {
			t.Errorf("got %d, %v", got, err)
		}
		close(end)
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
	})
}

func TestAFailureIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := true
		s := &shared[int]{read: func(_ context.Context, began func(time.Time)) (int, time.Time, error) {
			at := time.Now()
			began(at)
			if fails {
				return 0, at, errors.New("no")
			}
			return 1, at, nil
		}}
		since := time.Now().Add(-time.Second)
		if _, err := s.ask(t.Context(), since); err == nil {
			t.Error("no error")
		}
		fails = false
		if got, err := s.ask(t.Context(), since); err != nil || got != 1 {
			t.Errorf("got %d, %v", got, err)
		}
	})
}
