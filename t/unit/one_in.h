/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file t/unit/one_in.h
 * @brief Fewer of many like cases for the programs built with sanitizers.
 *
 * The plain programs say whether all of some thousand combinations are right.
 * Sanitizers look for faults of memory and of arithmetic, take four times as
 * long, and meet the same lines of the code in a part of the combinations.
 */
#ifndef SYNCML_T_ONE_IN_H
#define SYNCML_T_ONE_IN_H

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/** How far to go from a case to the next: 1, or n under sanitizers. */
#ifdef SANITIZED
#define ONE_IN(n) (n)
#else
#define ONE_IN(n) 1
#endif

#endif
