package app

import (
	"errors"
	"os"
	"strings"
	"testing"

	"junban/cmd/internal/config"
	"junban/deploy"
)

func rewrite(t *testing.T, a *App, text string) {
	t.Helper()
	if err := os.WriteFile(a.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReloadTakesAllOrNothing(t *testing.T) {
	a, _, way := socketed(t, map[string]string{me(t): alice}, member)
	whole := yaml + operate(map[string]string{me(t): alice})
	write := func(from, to string) {
		t.Helper()
		text := strings.Replace(whole, from, to, 1)
		if text == whole {
			t.Fatalf("%q is not in the file", from)
		}
		rewrite(t, a, text)
	}
	command := func() string {
		r, _, err := a.shelf.Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "v42"})
		if err != nil {
			t.Fatal(err)
		}
		return r.Run.Command
	}
	write("./api.sh", "./new.sh")
	if command() != "./api.sh" {
		t.Fatal("it is read before anybody says so")
	}
	if got, err := way.Do(t.Context(), Order{Verb: "reload"}); err != nil || !strings.Contains(got.Text, "was read again") || got.Operation != nil {
		t.Fatalf("%+v %v", got, err)
	}
	if command() != "./new.sh" {
		t.Fatal("it is not read again")
	}

	for key, change := range map[string][2]string{
		"slack.command":  {"{channel: C0123456789}", "{channel: C0123456789, command: /ship}"},
		"slack.channels": {"{channel: C0123456789}", "{channel: C0123456789, channels: [C0123456789, C0000000WEB]}"},
		"zone":           {"aws:", "zone: Asia/Tokyo\naws:"},
		"aws.region":     {"ap-northeast-1", "eu-west-1"},
		"store.bolt":     {"aws:", "store: {bolt: other.db}\naws:"},
	} {
		write(change[0], change[1])
		_, err := a.Reload(t.Context())
		no, ok := errors.AsType[*Refused](err)
		if !ok || !strings.HasPrefix(no.Why, key+" cannot change") {
			t.Errorf("%s: %v", key, err)
		}
		if command() != "./new.sh" {
			t.Errorf("%s: a refused file counts", key)
		}
	}

	write("{allow: [S0DEVS]}", "{allow: []}\n  rolling: {max_unavailable: 0}")
	_, err := a.Reload(t.Context())
	if faults, ok := errors.AsType[config.Faults](err); !ok || len(faults) < 2 {
		t.Errorf("a faulty file: %v", err)
	}
	// The file is asked for the socket, and its faults are told; the socket itself answers with the same ones.
	if _, err := way.Do(t.Context(), Order{Verb: "reload"}); err == nil || !strings.Contains(err.Error(), "max_unavailable") {
		t.Errorf("by the file: %v", err)
	}
	_, err = Way{Socket: socketPath(a.shelf.config().Store.Bolt)}.Do(t.Context(), Order{Verb: "reload"})
	no, ok := errors.AsType[*Refused](err)
	if !ok || !strings.Contains(no.Why, "goes on with the old one") || strings.Count(no.Why, "deploy.yaml:") < 2 {
		t.Errorf("by the socket: %v", err)
	}
	if command() != "./new.sh" {
		t.Error("a faulty file counts")
	}
}

func TestTheSocketIsAsNarrowAsItCanBe(t *testing.T) {
	a, _, _ := socketed(t, nil, member)
	mode := func() os.FileMode {
		info, err := os.Stat(socketPath(a.shelf.config().Store.Bolt))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if mode() != 0o600 {
		t.Errorf("without operators: %o", mode())
	}
	for _, c := range []struct {
		operators map[string]string
		mode      os.FileMode
	}{{map[string]string{"alice": alice}, 0o660}, {nil, 0o600}} {
		rewrite(t, a, yaml+operate(c.operators))
		if warning, err := a.Reload(t.Context()); err != nil || warning != "" || mode() != c.mode {
			t.Errorf("with the operators %v: %o, %q, %v", c.operators, mode(), warning, err)
		}
	}
}
