package instance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// DefaultAddr makes the system choose a port of this machine.
const DefaultAddr = "127.0.0.1:0"

// Options sets up an Instance.
type Options struct {
	// ID is the instance id, as i-0123456789abcdef0.
	ID string
	// Name is what its pages call it.
	Name string
	// Dir is the instance's folder; it is made if it is missing.
	Dir string
	// Addr is the IP address and port that the application listens on. With
	// port 0 one is chosen at the first start and kept as long as the
	// Instance lives. "" means DefaultAddr.
	Addr string
	// Logger gets a line for each start and stop; nil discards them.
	Logger *slog.Logger
}

// Instance is one server. It is safe for concurrent use.
type Instance struct {
	opts Options
	log  *slog.Logger

	mu      sync.Mutex
	on      bool   // Run is under way
	addr    string // with the port, once known
	version string
	running bool
	changed chan struct{}
}

// New makes the instance's folder and the files in it. What is there stays,
// except release.sh and verify.sh, which are written anew. Nothing runs yet.
func New(o Options) (*Instance, error) {
	if o.ID == "" || o.Dir == "" {
		return nil, errors.New("an instance needs an id and a folder")
	}
	if o.Addr == "" {
		o.Addr = DefaultAddr
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	i := &Instance{
		opts:    o,
		log:     o.Logger.With("instance", o.ID),
		addr:    o.Addr,
		changed: make(chan struct{}),
	}
	if err := i.furnish(); err != nil {
		return nil, fmt.Errorf("making the folder of instance %s: %w", o.ID, err)
	}
	return i, nil
}

// Run switches the server on, with its application, and serves until ctx is
// done; then everything is reset as by a power cut, and it returns nil. An
// error means that the first start failed or the pipe broke. An application
// that does not start later on, at a script's bidding, stays stopped and says
// why in the log.
//
// A second Run at the same time is refused; one after the other is a reboot.
// What another process left behind when it was killed does not matter.
func (i *Instance) Run(ctx context.Context) error {
	if !i.claim() {
		return fmt.Errorf("instance %s is already switched on", i.opts.ID)
	}
	defer i.free()
	if err := i.run(ctx); err != nil {
		return fmt.Errorf("instance %s: %w", i.opts.ID, err)
	}
	return nil
}

func (i *Instance) run(ctx context.Context) error {
	letGo, err := i.holdPort()
	if err != nil {
		return err
	}
	defer letGo()
	pipe, err := openPipe(i.path(ctlFile))
	if err != nil {
		return err
	}
	commands, failed := pipe.listen()
	defer pipe.close()

	s := &supervisor{i: i}
	defer s.obey("stop")
	if err := i.show("", false); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case line := <-commands:
			s.obey(line)
		}
	}
}

// holdPort takes the instance's port for as long as Run lasts, so that it is
// there again after each stop of the application.
func (i *Instance) holdPort() (letGo func(), err error) {
	addr, letGo, err := reserve(i.Addr())
	if err != nil {
		return nil, fmt.Errorf("holding the address %s: %w", i.Addr(), err)
	}
	i.setAddr(addr)
	return letGo, nil
}

func (i *Instance) claim() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.on {
		return false
	}
	i.on = true
	return true
}

func (i *Instance) free() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.on = false
}

// ID returns the instance id.
func (i *Instance) ID() string { return i.opts.ID }

// Name returns what the instance's pages call it.
func (i *Instance) Name() string { return i.opts.Name }

// Dir returns the instance's folder.
func (i *Instance) Dir() string { return i.opts.Dir }

// Addr returns the host:port that the application listens on. Its port is 0
// until the first start has chosen one.
func (i *Instance) Addr() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.addr
}

func (i *Instance) setAddr(addr string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.addr = addr
}

// Version returns the release that the application serves or, while it is
// stopped, served last; "" before the first start.
func (i *Instance) Version() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.version
}

// Running says whether the application takes requests.
func (i *Instance) Running() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.running
}

// Changed returns a channel that is closed when the application starts or
// stops next. Take it before reading Running and Version, so as to miss nothing.
func (i *Instance) Changed() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changed
}

// show makes a state known: to scripts in app.state, to us by Changed.
func (i *Instance) show(version string, running bool) error {
	text := "stopped\n"
	if running {
		text = "running " + version + "\n"
	}
	err := replaceFile(i.path(stateFile), []byte(text), 0o644)

	i.mu.Lock()
	defer i.mu.Unlock()
	if running {
		i.version = version
	}
	i.running = running
	close(i.changed)
	i.changed = make(chan struct{})
	return err
}
