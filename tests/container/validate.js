// SPDX-License-Identifier: Apache-2.0
//
// Validates Kubernetes objects, as JSON on standard input, against the schemas of Kubernetes' API:
//
//	node validate.js DIRECTORY-WITH-NODE_MODULES <objects.json
//
// The validators know which fields have which types and which are required, but let fields pass that they
// have never heard of. So they are given objects that note what is looked at: what was not is unknown.
"use strict";

const path = require("path");
const from = require("module").createRequire(path.resolve(process.argv[2]) + "/");

function watched(value, where, unseen) {
	if (typeof value !== "object" || value === null)
		return value;
	const inside = {};
	const left = new Set(Array.isArray(value) ? [] : Object.keys(value));
	for (const key of Object.keys(value)) {
		inside[key] = watched(value[key], `${where}.${key}`, unseen);
		unseen.push(() => (left.has(key) ? [`${where}.${key}`] : []));
	}
	return new Proxy(value, {
		get(target, key) {
			left.delete(key);
			return Object.hasOwn(inside, key) ? inside[key] : target[key];
		},
		// Who goes through all of them takes any.
		ownKeys(target) {
			left.clear();
			return Reflect.ownKeys(target);
		},
	});
}

function validate(object) {
	const where = `${object.kind} ${object.metadata?.name}`;
	const group = object.apiVersion.includes("/") ? object.apiVersion : `${object.apiVersion}`;
	const Model = from(`kubernetes-models/${group}/${object.kind}`)[object.kind];
	const unseen = [];
	const copy = {};
	for (const key of Object.keys(object)) {
		if (!["apiVersion", "kind", "metadata", "spec", "data"].includes(key))
			throw new Error(`${where}: unknown: ${key}`);
		copy[key] = watched(object[key], key, unseen);
	}
	new Model(copy).validate();
	const unknown = unseen.flatMap((look) => look());
	if (unknown.length > 0)
		throw new Error(`${where}: unknown: ${unknown.join(" ")}`);
}

const objects = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
	objects.forEach(validate);
} catch (e) {
	console.error(e.message);
	process.exit(1);
}
console.log(`${objects.length} valid`);
