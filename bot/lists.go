package bot

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

func (b *Bot) status(ctx context.Context, e Envelope, c Command) error {
	m, err := Status(ctx, b.Desk, b.Voice, c.Service, b.Zone)
	if err == nil {
		b.whisper(ctx, e, m)
	}
	return err
}

// Status reads what runs, waits, is held and is locked, of one service or of all.
func Status(ctx context.Context, d Desk, voice card.Voice, service string, zone *time.Location) (card.Message, error) {
	ops, err := unfinished(ctx, d, service)
	if err != nil {
		return card.Message{}, err
	}
	locks, err := d.Locks(ctx)
	if err != nil {
		return card.Message{}, err
	}
	var holds []deploy.Lock
	for _, l := range locks {
		if !l.Hold {
			continue
		}
		if service != "" {
			if op, err := d.Operation(ctx, l.Op); err == nil && op.Plan.Service != service {
				continue
			}
		}
		holds = append(holds, l)
	}
	return voice.Status(ops, holds, zone), nil
}

// unfinished reads the operations that have not finished, of one service or of all.
func unfinished(ctx context.Context, d Desk, service string) ([]deploy.Operation, error) {
	rows, err := d.Unfinished(ctx)
	if err != nil {
		return nil, err
	}
	var ops []deploy.Operation
	for _, r := range rows {
		if service != "" && r.Service != service {
			continue
		}
		op, err := d.Operation(ctx, r.Op)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// queue lists what waits: first what is approved, in the order of approval, then what nobody has approved yet.
func (b *Bot) queue(ctx context.Context, e Envelope, c Command) error {
	ops, err := unfinished(ctx, b.Desk, c.Service)
	if err != nil {
		return err
	}
	b.whisper(ctx, e, b.Voice.Queue(ops, b.Zone))
	return nil
}

func (b *Bot) history(ctx context.Context, e Envelope, c Command) error {
	rows, err := b.Desk.Recent(ctx, c.Service, 15)
	if err == nil {
		b.whisper(ctx, e, b.Voice.History(rows, b.Zone))
	}
	return err
}

// logs shows the end of what the commands of one operation printed: of the one that is named, of a service's latest
// that has begun, or of the thread's.
func (b *Bot) logs(ctx context.Context, e Envelope, c Command) error {
	id, err := b.printed(ctx, e, c)
	if err != nil {
		return err
	}
	events, err := b.Desk.Events(ctx, id)
	if err != nil {
		return err
	}
	op, outputs, err := card.Outputs(events)
	if err != nil {
		return err
	}
	if c.On != "" {
		var names []string
		for _, l := range op.Lanes {
			names = append(names, op.Plan.Preview.Name(l.Name))
		}
		outputs = slices.DeleteFunc(outputs, func(o card.Output) bool { return o.Instance != c.On && op.Plan.Preview.Name(o.Instance) != c.On })
		if !slices.Contains(names, c.On) && !slices.ContainsFunc(op.Lanes, func(l *deploy.LaneState) bool { return l.Name == c.On }) {
			return mistake(b.Slash, "logs", "mistake.logs.instance", "title", b.Voice.Title(op), "name", clip(c.On), "known", strings.Join(names, ", "))
		}
	}
	b.whisper(ctx, e, b.Voice.Logs(op, outputs))
	return nil
}

// printed finds the operation whose output is wanted.
func (b *Bot) printed(ctx context.Context, e Envelope, c Command) (deploy.ID, error) {
	running, err := b.Desk.Unfinished(ctx)
	if err != nil {
		return "", err
	}
	ended, err := b.Desk.Recent(ctx, "", recent)
	if err != nil {
		return "", err
	}
	rows := slices.Concat(running, ended)
	if c.ID == "" {
		if id := b.inThread(ctx, e, rows); id != "" {
			return id, nil
		}
		return "", mistake(b.Slash, "logs", "mistake.logs.whose")
	}
	for _, r := range rows {
		if string(r.Op) == c.ID {
			return r.Op, nil
		}
	}
	of, err := b.Desk.Recent(ctx, c.ID, recent)
	if err != nil {
		return "", err
	}
	for _, r := range slices.SortedFunc(slices.Values(of), func(a, b deploy.Row) int { return cmp.Compare(b.Started.Unix(), a.Started.Unix()) }) {
		if !r.Started.IsZero() {
			return r.Op, nil
		}
	}
	if _, err := b.Desk.Operation(ctx, deploy.ID(c.ID)); err == nil {
		return deploy.ID(c.ID), nil // older than what is listed
	}
	return "", &engine.Mistake{What: deploy.Because("mistake.logs.never"), Accept: b.Slash + " history"}
}

// doctor examines one service, in one environment or in each, or all services.
func (b *Bot) doctor(ctx context.Context, e Envelope, c Command) error {
	if b.Examiner == nil {
		return &engine.Mistake{What: deploy.Because("mistake.no_doctor"), Accept: strings.TrimSpace("junban doctor " + c.Service)}
	}
	fits := func(s Service) bool {
		return (c.Service == "" || s.Name == c.Service) && (c.Environment == "" || s.Environment == c.Environment)
	}
	var which []Service
	for _, s := range b.Examiner.Services() {
		if fits(s) {
			which = append(which, s)
		}
	}
	if len(which) == 0 { // the examiner knows best what is wrong with the name
		which = []Service{{c.Service, c.Environment}}
	}
	for _, s := range which {
		found, err := b.Examiner.Doctor(ctx, s.Name, s.Environment)
		if err != nil {
			return err
		}
		b.whisper(ctx, e, b.Voice.Findings(b.Voice.Service(s.Name, s.Environment), found))
	}
	return nil
}

func (b *Bot) help() card.Message {
	m := card.Message{Text: b.Voice.Line("help", "slash", b.Slash), Blocks: []card.Block{{Text: b.Voice.Say("help.about")}}}
	for i, f := range forms {
		if i == firstForms {
			m.Blocks = append(m.Blocks, card.Block{Divider: true})
		}
		m.Blocks = append(m.Blocks, card.Block{Text: b.Voice.Say("help.line", "form", Form(b.Slash, f.verb), "does", b.Voice.Line("help."+f.verb))})
	}
	m.Blocks = append(m.Blocks, card.Block{Context: b.Voice.Say("help.small", "times", b.Voice.Line("help.times"))})
	return m
}
