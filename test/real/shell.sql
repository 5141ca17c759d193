-- Tables, an index, a view, a trigger, text search where there is one, and sorting.
.mode box
create table words (id integer primary key, word text collate nocase, data blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
  insert into words select i, printf('%d-%s', i % 37, hex(i * 7919)), zeroblob(i % 900) from n;
create index by_word on words (word, id);
create view long as select * from words where length(word) > 8;
create table log (what text);
create trigger removed after delete on words begin insert into log values ('gone ' || old.word); end;
delete from words where id % 11 = 0;
select count(*), sum(length(data)), group_concat(substr(word, 1, 2), '') from words where id < 50;
select what, count(*) from log group by substr(what, 6, 2) order by 2 desc, 1 limit 5;
select json_group_array(json_object('id', id, 'word', word)) from long where id < 40;
pragma integrity_check;
vacuum;
.schema
