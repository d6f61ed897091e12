package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"junban/cmd/internal/app"
	"junban/deploy"
)

type historyCmd struct {
	file
	JSON    bool      `name:"json" xor:"form" help:"As JSON."`
	PNG     deploy.ID `name:"png" xor:"form" placeholder:"ID" help:"The timeline of the operation with this id, as a PNG: to --out, to standard output if that is no terminal, else to ID.png."`
	Refused bool      `help:"Instead: what was refused in the chat, to whom and why."`
	Out     string    `placeholder:"FILE" help:"The file for the picture of --png."`
}

func (h *historyCmd) Run(ctx context.Context, o output) error {
	switch {
	case h.Refused:
		return h.audit(ctx, o)
	case h.PNG != "":
		return h.picture(ctx, o)
	case h.Out != "":
		return errors.New("--out names the file of a picture: say which operation it shows with --png ID")
	}
	rows, text, err := app.ReadHistory(ctx, h.Config)
	if err != nil {
		return err
	}
	if h.JSON {
		return o.json(rows)
	}
	_, err = fmt.Fprintln(o.stdout, text)
	return err
}

// picture writes the timeline of one operation where it can be looked at: a terminal shows no PNG.
func (h *historyCmd) picture(ctx context.Context, o output) error {
	p, err := app.ReadPicture(ctx, h.Config, h.PNG)
	if err != nil {
		return err
	}
	path := h.Out
	if path == "" && o.terminal {
		path = string(p.Op) + ".png"
	}
	if path == "" {
		_, err = o.stdout.Write(p.PNG)
		return err
	}
	if err := os.WriteFile(path, p.PNG, 0o600); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	_, err = fmt.Fprintln(o.stderr, "The picture is in "+path)
	return err
}

func (h *historyCmd) audit(ctx context.Context, o output) error {
	refused, err := app.ReadAudit(ctx, h.Config)
	if err != nil {
		return err
	}
	if h.JSON {
		return o.json(refused)
	}
	for _, r := range refused {
		fmt.Fprintf(o.stdout, "%s  %-8s  %s in %s: %s  (%s)\n", r.At.Local().Format("2006-01-02 15:04:05"), r.Kind, strings.Trim(r.User+"/"+r.Robot, "/"), r.Channel, r.What, r.Why)
	}
	return nil
}
