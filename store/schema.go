package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/bbolt"

	"junban/deploy"
)

// Schema is the number of the layout below. A store of a higher one is refused.
const Schema = 1

// The buckets of schema 1.
var (
	bucketMeta       = []byte("meta")       // product, schema
	bucketEvents     = []byte("events")     // op 00 seq (8 bytes, big-endian) -> event, JSON
	bucketRows       = []byte("rows")       // op -> row, JSON
	bucketTimes      = []byte("times")      // time of request (12 bytes), op -> service
	bucketUnfinished = []byte("unfinished") // time of request (12 bytes), op -> nothing
	bucketLocks      = []byte("locks")      // resource -> lock, JSON
	bucketMemory     = []byte("memory")     // a bucket for each table: key -> value

	keyProduct = []byte("product")
	keySchema  = []byte("schema")
)

const product = "junban"

func buckets() [][]byte {
	return [][]byte{bucketMeta, bucketEvents, bucketRows, bucketTimes, bucketUnfinished, bucketLocks, bucketMemory}
}

// lay makes the buckets of an empty file.
func lay(tx *bbolt.Tx) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucket(name); err != nil {
			return fmt.Errorf("make bucket %s: %w", name, err)
		}
	}
	meta := tx.Bucket(bucketMeta)
	if err := meta.Put(keyProduct, []byte(product)); err != nil {
		return fmt.Errorf("sign the file: %w", err)
	}
	if err := meta.Put(keySchema, []byte(strconv.Itoa(Schema))); err != nil {
		return fmt.Errorf("write the schema's number: %w", err)
	}
	return nil
}

// recognise makes sure that a bbolt file is a store of a schema that is known.
func recognise(path string, tx *bbolt.Tx) error {
	meta := tx.Bucket(bucketMeta)
	if meta == nil || string(meta.Get(keyProduct)) != product {
		return &NotAStore{Path: path, Why: "it is another program's bbolt file"}
	}
	schema, err := strconv.Atoi(string(meta.Get(keySchema)))
	if err != nil || schema < 1 {
		return &NotAStore{Path: path, Why: fmt.Sprintf("its schema reads %q", meta.Get(keySchema))}
	}
	if schema > Schema {
		return &TooNew{Path: path, Schema: schema, Known: Schema}
	}
	for _, name := range buckets() {
		if tx.Bucket(name) == nil {
			return &NotAStore{Path: path, Why: fmt.Sprintf("its bucket %s is missing", name)}
		}
	}
	return nil
}

// eventKey orders the events of an operation by seq. No id holds a zero byte, so that no operation's keys stand among another's.
func eventKey(op deploy.ID, seq int) []byte {
	return binary.BigEndian.AppendUint64(eventPrefix(op), uint64(seq))
}

func eventPrefix(op deploy.ID) []byte { return append([]byte(op), 0) }

// timeKey orders operations by the time of their request, and those of one moment by id.
func timeKey(t time.Time, op deploy.ID) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(t.Unix())^1<<63) // with the sign flipped, bytes sort as numbers do
	key = binary.BigEndian.AppendUint32(key, uint32(t.Nanosecond()))
	return append(key, op...)
}

const timeLen = 12

func opOfTimeKey(key []byte) deploy.ID {
	if len(key) < timeLen {
		return ""
	}
	return deploy.ID(key[timeLen:])
}

// rowOf reads an operation's index row; ok is false if it has none.
func rowOf(tx *bbolt.Tx, op deploy.ID) (row deploy.Row, ok bool, err error) {
	data := tx.Bucket(bucketRows).Get([]byte(op))
	if data == nil {
		return deploy.Row{}, false, nil
	}
	if err := json.Unmarshal(data, &row); err != nil {
		return deploy.Row{}, true, &Damaged{Op: op, Err: err}
	}
	if row.Op != op {
		return deploy.Row{}, true, &Damaged{Op: op, Err: fmt.Errorf("it is of %q", row.Op)}
	}
	return row, true, nil
}

// lockOf reads the lock on a resource; ok is false if there is none.
func lockOf(tx *bbolt.Tx, resource string) (lock deploy.Lock, ok bool, err error) {
	data := tx.Bucket(bucketLocks).Get([]byte(resource))
	if data == nil {
		return deploy.Lock{}, false, nil
	}
	lock, err = decodeLock([]byte(resource), data)
	return lock, true, err
}

func decodeLock(resource, data []byte) (deploy.Lock, error) {
	var lock deploy.Lock
	if err := json.Unmarshal(data, &lock); err != nil {
		return deploy.Lock{}, &Damaged{Resource: string(resource), Err: err}
	}
	if lock.Resource != string(resource) {
		return deploy.Lock{}, &Damaged{Resource: string(resource), Err: fmt.Errorf("it is on %q", lock.Resource)}
	}
	return lock, nil
}
