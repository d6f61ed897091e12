package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	s := openStore(t, path)
	get := func(table, key, want string, wantOK bool) {
		t.Helper()
		v, ok, err := s.Get(t.Context(), table, key)
		if err != nil || ok != wantOK || string(v) != want {
			t.Fatalf("Get(%s, %s) = %q, %v, %v; want %q, %v", table, key, v, ok, err, want, wantOK)
		}
	}
	get("messages", "op-1", "", false)
	must(t, s.Delete(t.Context(), "messages", "op-1"))
	must(t, s.Put(t.Context(), "messages", "op-1", []byte("a")))
	must(t, s.Put(t.Context(), "messages", "op-1", []byte("b")))
	must(t, s.Put(t.Context(), "other", "op-1", nil))
	get("messages", "op-1", "b", true)
	get("other", "op-1", "", true)
	get("messages", "op-10", "", false)
	must(t, s.Delete(t.Context(), "messages", "op-1"))
	get("messages", "op-1", "", false)

	for i, want := range []bool{true, false} {
		if created, err := s.Create(t.Context(), "seen", "e-1", fmt.Append(nil, i)); err != nil || created != want {
			t.Fatalf("Create %d: %v, %v; want %v", i, created, err, want)
		}
	}
	get("seen", "e-1", "0", true)
	must(t, s.Close())
	s = openStore(t, path)
	get("seen", "e-1", "0", true)
	get("other", "op-1", "", true)
}

// What is handed out stays as it is when the file changes under it. It fails, or crashes, if the bytes are bbolt's own.
func TestMemoryCopies(t *testing.T) {
	s := newStore(t)
	old := []byte(strings.Repeat("old ", 500))
	must(t, s.Put(t.Context(), "t", "k", old))
	got, _, err := s.Get(t.Context(), "t", "k")
	must(t, err)
	var listed []byte
	must(t, s.List(t.Context(), "t", func(_ string, v []byte) error { listed = v; return nil }))
	for range 50 {
		must(t, s.Put(t.Context(), "t", "k", []byte(strings.Repeat("new ", 5000))))
	}
	got[0], listed[0] = 'O', 'O' // bbolt's own could not be written to
	for _, v := range [][]byte{got, listed} {
		if string(v[1:]) != string(old[1:]) {
			t.Fatal("what was handed out has changed")
		}
	}
}

func TestList(t *testing.T) {
	s := newStore(t)
	none := func(string, []byte) error { return errors.New("called for an empty table") }
	must(t, s.List(t.Context(), "t", none))
	var want []string
	var wg sync.WaitGroup
	for i := range 600 { // more than two chunks
		key := fmt.Sprintf("%03d", 599-i)
		want = append(want, key)
		wg.Go(func() {
			if _, err := s.Create(t.Context(), "t", key, []byte("value of "+key)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(want)
	var got []string
	must(t, s.List(t.Context(), "t", func(key string, value []byte) error {
		got = append(got, key)
		if string(value) != "value of "+key {
			return fmt.Errorf("%s has %q", key, value)
		}
		if len(got)%100 == 0 {
			return s.Delete(t.Context(), "t", key) // fn may write
		}
		return nil
	}))
	if !slices.Equal(got, want) {
		t.Fatalf("%d keys, want %d in order", len(got), len(want))
	}
	got = nil
	must(t, s.List(t.Context(), "t", func(key string, _ []byte) error { got = append(got, key); return nil }))
	if len(got) != 594 {
		t.Fatalf("%d keys after six were deleted", len(got))
	}
	enough := errors.New("enough")
	if err := s.List(t.Context(), "t", func(string, []byte) error { return enough }); !errors.Is(err, enough) {
		t.Fatalf("List: %v, want fn's error", err)
	}
}

// Of all who create one key at the same time one is told that it did. It fails if the look and the
// write are two transactions.
func TestCreateOnce(t *testing.T) {
	s := newStore(t)
	for n := range 10 {
		var created atomic.Int32
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				ok, err := s.Create(t.Context(), "seen", fmt.Sprint(n), fmt.Append(nil, w))
				if err != nil {
					t.Error(err)
				}
				if ok {
					created.Add(1)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 {
			t.Fatalf("key %d was created %d times", n, created.Load())
		}
	}
}

func TestUnnameable(t *testing.T) {
	s := newStore(t)
	long := strings.Repeat("x", 1<<15+1)
	for _, c := range [][2]string{{"", "k"}, {"t", ""}, {long, "k"}, {"t", long}} {
		if err := s.Put(t.Context(), c[0], c[1], nil); err == nil {
			t.Errorf("Put with table of %d and key of %d bytes", len(c[0]), len(c[1]))
		}
		if _, err := s.Create(t.Context(), c[0], c[1], nil); err == nil {
			t.Errorf("Create with table of %d and key of %d bytes", len(c[0]), len(c[1]))
		}
	}
}

// BenchmarkCreate is the recording of envelopes: 32 at once.
func BenchmarkCreate(b *testing.B) {
	s := openBench(b)
	var n atomic.Int64
	var worst atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			began := time.Now()
			if _, err := s.Create(b.Context(), "seen", fmt.Sprint(n.Add(1)), make([]byte, 500)); err != nil {
				b.Error(err)
			}
			if took := int64(time.Since(began)); took > worst.Load() {
				worst.Store(took)
			}
		}
	})
	b.ReportMetric(float64(worst.Load())/1e6, "ms/worst")
}

// BenchmarkCreateAlone is one envelope after another, which is how they come at 50 a second.
func BenchmarkCreateAlone(b *testing.B) {
	s := openBench(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Create(b.Context(), "seen", fmt.Sprint(i), make([]byte, 500)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	s := openBench(b)
	h, e := request("op-1", "i-1")
	for b.Loop() {
		if err := h.append(b.Context(), s, e); err != nil {
			b.Fatal(err)
		}
		e.Type, e.Plan = "resumed", nil
	}
}
